import Martlet

var options = StartOptions()
options.listening = .loopback(port: 6390)
options.log = .configured
options.isDaemon = true
let server = try MartletServer(options)
server.waitUntilStopped()
