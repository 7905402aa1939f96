// martlet-server [file] [options] [-]: reads the command line, starts the server and lives until it stops.
// Exit status: 0 after a clean stop, 1 when the start is refused or the stop is forced.

import Martlet

switch ServerArguments.parse(Array(CommandLine.arguments.dropFirst())) {
case .version:
    print(ServerVersion.line)
case .usage:
    Launch.refuse(because: ServerArguments.usage)
case .check(let request):
    Launch.check(request)
case .start(let arguments):
    Launch.serve(arguments, commandLine: CommandLine.arguments)
}
