// A fake for a test or a suite of Swift Testing.

import Martlet
import Testing

/// Gives each test a fake of its own, or a suite one for all its tests. It is ``MartletFake/current`` in the test and
/// in the tasks that the test starts, and stops behind it.
public struct MartletTrait: TestTrait, SuiteTrait, TestScoping {
    /// Whether the tests of a suite get a fake each.
    public let isRecursive: Bool
    let makeFake: @Sendable () throws -> MartletFake

    /// Runs the test with a fake.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let fake = try makeFake()
        do {
            try await MartletFake.$found.withValue(fake, operation: function)
        } catch {
            await fake.stop()
            throw error
        }
        await fake.stop()
    }
}

extension Trait where Self == MartletTrait {
    /// A fake in process, for each test anew.
    public static var martlet: MartletTrait { martlet() }

    /// A fake for each test anew, or one that a suite's tests share.
    ///
    /// - Parameters:
    ///   - place: where clients reach it, besides in process.
    ///   - seed: see ``MartletFake/init(_:seed:configuration:offersCommand:)``.
    ///   - isShared: whether all tests of a suite use the same.
    public static func martlet(
        _ place: MartletFake.Place = .inProcess, seed: UInt64? = nil, configuration: Configuration = Configuration(),
        isShared: Bool = false
    ) -> MartletTrait {
        MartletTrait(isRecursive: !isShared) { try MartletFake(place, seed: seed, configuration: configuration) }
    }
}

extension MartletFake {
    @TaskLocal static var found: MartletFake?

    /// The fake of the trait ``Testing/Trait/martlet``. Where there is none this is an error of the test's author, and
    /// says so.
    public static var current: MartletFake {
        get throws {
            guard let fake = found else { throw MissingFake() }
            return fake
        }
    }

    /// A test asks for the current fake and has no trait that brings one.
    public struct MissingFake: Error, CustomStringConvertible {
        /// What to do about it.
        public let description = "There is no current fake: give the test or its suite the trait .martlet"
    }
}
