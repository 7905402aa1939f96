// Users from the lines of a configuration, from a file of their own, and back into both.

import Testing

@testable import Martlet

struct UsersTests {
    private func configuration(_ text: String) throws -> Configuration {
        var configuration = Configuration()
        try ConfigurationFile.load(Array(text.utf8), into: &configuration) { _ throws(ConfigurationError) in [] }
        return configuration
    }

    private func start(_ text: String, _ files: MemoryFileSystem = MemoryFileSystem()) throws -> TestServer {
        try TestServer(configuration: configuration(text), fileSystem: files)
    }

    private func refusal(_ text: String, _ files: MemoryFileSystem = MemoryFileSystem()) throws -> String? {
        do {
            _ = try start(text, files)
            return nil
        } catch let error as StartError {
            return error.description
        }
    }

    private func files(_ text: String) throws -> MemoryFileSystem {
        let files = MemoryFileSystem()
        let file = try files.create("/data/users.acl")
        try file.write(Array(text.utf8).span)
        file.close()
        return files
    }

    private func list(_ server: TestServer) throws -> [String] {
        try server.run("ACL LIST").elements?.compactMap(\.string) ?? []
    }

    private static let withFile = "dir /data\naclfile users.acl"

    @Test func linesMakeUsers() throws {
        let server = try start(
            """
            requirepass ignored
            user default on >secret ~* +@all
            user ann on nopass (+get ~a) ( +set ~b )
            user "bob" off
            """)
        let digest = SHA256.digest(of: Array("secret".utf8)).hexadecimal
        #expect(
            try list(server) == [
                "user ann on nopass sanitize-payload resetchannels -@all (~a resetchannels -@all +get) "
                    + "(~b resetchannels -@all +set)", "user bob off sanitize-payload resetchannels -@all",
                "user default on sanitize-payload #\(digest) ~* resetchannels +@all",
            ])
    }

    @Test(arguments: [
        ("user ann on +nosuch", "Error in user declaration '+nosuch': Unknown command or category name in ACL"),
        ("user ann #12", "Error in user declaration '#12': The password hash must be exactly 64 characters"),
        ("user ann on (+get", "Unmatched parenthesis in acl selector"), ("user", "Bad directive or wrong number"),
        ("user \"a b\" on", "Spaces not allowed in ACL usernames"),
        ("user ann on\nuser ann off", "'ann': Duplicate user found."),
        ("user ann on\naclfile users.acl", "please define either an ACL file or declare users"),
        (withFile, "Error loading ACLs, opening file 'users.acl': No such file"),
    ])
    func refusedStarts(text: String, reason: String) throws {
        do {
            let refusal = try refusal(text)
            #expect(refusal?.contains(reason) == true, "\(refusal ?? "no refusal")")
        } catch let error as ConfigurationError {
            #expect(error.report(version: "").contains(reason))
        }
    }

    @Test func fileIsReadAndWritten() throws {
        let files = try files("user ann on nopass ~* +@all\n\n user  default on nopass &* ~* +@all\r\n")
        let server = try start(Self.withFile, files)
        let before = try list(server)
        #expect(before.map { $0.split(separator: " ")[1] } == ["ann", "default"])
        try server.expect([
            #"ACL SETUSER eve on >pw "~a\"b" "(+get \"~it's\")""#: .ok, "ACL SAVE": .ok, "ACL DELUSER ann eve": 2,
            "ACL LOAD": .ok,
        ])
        let after = try list(server)
        #expect(after.count == 3 && after.contains { $0.hasPrefix("user eve on") })
        let again = try start(Self.withFile, files)
        #expect(try list(again) == after)
    }

    @Test func aWrongFileChangesNothing() throws {
        let files = try files("user ann on nopass ~* +@all\n")
        let server = try start(Self.withFile, files)
        let before = try list(server)
        let file = try files.create("/data/users.acl")
        let text = "user bob on\nusers x\nuser ann +nosuch\nuser bob off\nuser c >\nuser d (+get\n"
        try file.write(Array(text.utf8).span)
        file.close()
        #expect(
            try server.run("ACL LOAD")
                == .error(
                    "ERR users.acl:2 should start with user keyword followed by the username. users.acl:3: Error in "
                        + "applying operation '+nosuch': Unknown command or category name in ACL. WARNING: Duplicate "
                        + "user 'bob' found on line 4. users.acl:6: Unmatched parenthesis in selector definition."
                        + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed"))
        #expect(try list(server) == before)
    }

    @Test func loadingKeepsThoseWhoAreStillThere() throws {
        let files = try files("user ann on nopass ~* +@all\nuser bob on nopass ~* +@all\n")
        let server = try start(Self.withFile, files)
        let (ann, bob) = (try server.client(), try server.client())
        try ann.run("AUTH ann x")
        try bob.run("AUTH bob x")
        let file = try files.create("/data/users.acl")
        try file.write(Array("user ann on nopass ~* +@all -get\n".utf8).span)
        file.close()
        try server.run("ACL LOAD")
        #expect(try ann.run("GET a") == .error("NOPERM User ann has no permissions to run the 'get' command"))
        #expect(throws: ConnectionClosed.self) { try bob.run("PING") }
        #expect(try list(server).last == "user default on nopass sanitize-payload ~* &* +@all")
    }

    @Test func withoutAFileThereIsNothingToLoad() throws {
        let server = try TestServer()
        for command in ["ACL LOAD", "ACL SAVE"] {
            #expect(
                try server.run(command).string == nil
                    && "\(server.run(command))".contains("not configured to use an ACL file"))
        }
    }

    @Test func rewritingKeepsUsersInTheirPlace() throws {
        var configuration = Configuration()
        configuration.port = 7000
        let lines = ["user ann on", "user bob off"].map { Array($0.utf8) }
        func rewrite(_ old: String, users: [[UInt8]]) -> String {
            String(decoding: ConfigRewrite.text(Array(old.utf8), for: configuration, users: users), as: UTF8.self)
        }
        #expect(
            rewrite("# a\nuser x on\n# b\nUSER y on\nport 7000\n", users: lines)
                == "# a\nuser ann on\nuser bob off\n# b\nport 7000\n")
        #expect(rewrite("port 7000\nuser x on\n", users: []) == "port 7000\n")
        #expect(
            rewrite("port 7000\n", users: lines)
                == "port 7000\n# Generated by CONFIG REWRITE\nuser ann on\nuser bob off\n")
    }

    @Test func aRewrittenLineSaysTheSame() throws {
        let server = try start(#"user ann on >pw "~a\"b" %R~c\\d "+set|it's" "(+get \"~it's\" \"+set|x'y\")""#)
        let line = server.inspect { String(decoding: $0.users.all[0].quotedLine, as: UTF8.self) }
        let again = try start(line)
        #expect(try list(again) == list(server))
    }
}
