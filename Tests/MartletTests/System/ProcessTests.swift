// What the process and the machine report, the descriptor limit, and starting a detached process.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct ProcessTests {
    @Test func factsArePlausible() throws {
        #expect(CurrentProcess.id == getpid())
        let resident = try #require(CurrentProcess.residentBytes())
        let total = Machine.totalMemory()
        #expect(resident > 1 << 20 && resident < total)
        let path = try CurrentProcess.executablePath()
        #expect(path.hasPrefix("/") && permissions(of: path) != nil)
        let words = Machine.operatingSystem().split(separator: " ")
        #if os(Linux)
        #expect(words.first == "Linux" && words.count >= 3)
        #else
        #expect(words.first == "Darwin" && words.count >= 3)
        #endif
        #expect(try CurrentProcess.workingDirectory().hasPrefix("/"))
    }

    @Test func processorTimeIsTold() throws {
        let process = try #require(CurrentProcess.cpuTime(of: .process))
        #expect(process.user.seconds >= 0 && (0..<1_000_000).contains(process.user.microseconds))
        #expect(CurrentProcess.cpuTime(of: .children) != nil)
        #if os(Linux)
        #expect(CurrentProcess.cpuTime(of: .thread) != nil)
        #else
        #expect(CurrentProcess.cpuTime(of: .thread) == nil)
        #endif
    }

    @Test func missingDirectoryIsReported() {
        #expect(throws: SystemError(errno: ENOENT, operation: "chdir")) {
            try CurrentProcess.changeDirectory(to: "/nonexistent/directory")
        }
    }

    @Test func seedsDiffer() {
        #expect(Entropy.bytes(20).count == 20)
        #expect(Entropy.bytes(20) != Entropy.bytes(20))
        #expect(Entropy.bytes(0) == [])
    }

}

/// One after the other: the limit is the whole process's.
@Suite(.serialized) struct OpenFileLimitTests {
    @Test func fileLimitIsNeverLowered() throws {
        let now = try OpenFileLimit.raise(to: 1)
        #expect(now.achieved == now.original && now.failure == nil)
        let same = try OpenFileLimit.raise(to: now.original)
        #expect(same.achieved == now.original && same.failure == nil)
    }

    @Test func fileLimitGoesAsFarAsItCan() throws {
        let before = try OpenFileLimit.raise(to: 1).original
        let wanted = before == .max ? before : before + 1
        let raised = try OpenFileLimit.raise(to: wanted)
        #expect(raised.original == before)
        #expect((raised.failure == nil) == (raised.achieved >= wanted))
        #expect(try OpenFileLimit.raise(to: 1).original == raised.achieved)
    }

    @Test func impossibleFileLimitTellsWhy() throws {
        let result = try OpenFileLimit.raise(to: .max - 1)
        #expect(result.achieved < .max - 1)
        #expect(result.achieved >= result.original)
        #expect(result.failure?.operation.description == "setrlimit")
    }

}

struct DaemonTests {
    @Test func detachedProcessHasItsOwnSessionAndTheMark() throws {
        let directory = try ScratchDirectory()
        let output = directory.file("output")
        // In /proc/PID/stat the sixth field is the session; elsewhere ps tells it.
        let script = "echo \"$MARTLET_DAEMON $$ $(ps -o sess= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat)\" > $0"
        let id = try Daemon.spawn("/bin/sh", arguments: ["sh", "-c", script, output])
        #expect(id > 0)
        var status: Int32 = -1
        #expect(retryingInterrupts { waitpid(id, &status, 0) } == id)
        #expect(status == 0)
        let words = String(decoding: try SmallFile.read(output, limit: 1000), as: UTF8.self).split {
            $0 == " " || $0 == "\n"
        }
        #expect(words.first == "1")
        #if os(Linux)
        #expect(words == ["1", "\(id)", "\(id)"])
        #endif
    }

    @Test func missingProgramIsReported() {
        #expect(throws: SystemError(errno: ENOENT, operation: "posix_spawn")) {
            try Daemon.spawn("/nonexistent/program", arguments: ["program"])
        }
    }

    /// Setting it here would race with whatever else reads the environment.
    @Test func withoutTheMarkThisIsTheFirstProcess() {
        #expect(!Daemon.takeMark())
    }
}
