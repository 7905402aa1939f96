// maxclients against the descriptors that the system allows: every connection needs one, and so do files and pipes.

enum ClientLimit {
    /// Descriptors for everything that is not a client.
    private static let reservedDescriptors = 32

    enum Outcome: Equatable {
        /// There are enough descriptors.
        case granted
        /// Only for so many clients.
        case reduced(to: Int)
        case tooLow(limit: UInt64, wanted: UInt64)
    }

    /// Raises the process's limit for `clients` connections and says in the log what came of it.
    static func reserve(_ clients: Int, log: Log) -> Outcome {
        let wanted = UInt64(clients + reservedDescriptors)
        let limit: OpenFileLimit
        do throws(SystemError) {
            limit = try OpenFileLimit.raise(to: wanted)
        } catch {
            log.write(
                .warning,
                "Unable to obtain the current NOFILE limit (\(error.message)), assuming 1024 and setting the max "
                    + "clients configuration accordingly.")
            return .reduced(to: 1024 - reservedDescriptors)
        }
        if limit.achieved >= wanted {
            if limit.original < wanted {
                log.write(
                    .notice,
                    "Increased maximum number of open files to \(wanted) (it was originally set to "
                        + "\(limit.original)).")
            }
            return .granted
        }
        guard limit.achieved > UInt64(reservedDescriptors) else {
            return .tooLow(limit: limit.original, wanted: wanted)
        }
        let possible = Int(limit.achieved) - reservedDescriptors
        explain(clients: clients, wanted: wanted, limit: limit, possible: possible, log: log)
        return .reduced(to: possible)
    }

    private static func explain(clients: Int, wanted: UInt64, limit: OpenFileLimit, possible: Int, log: Log) {
        log.write(
            .warning,
            "You requested maxclients of \(clients) requiring at least \(wanted) max file descriptors.")
        log.write(
            .warning,
            "Server can't set maximum open files to \(wanted) because of OS error: "
                + "\(limit.failure?.message ?? "unknown").")
        log.write(
            .warning,
            "Current maximum open files is \(limit.achieved). maxclients has been reduced to \(possible) to compensate "
                + "for low ulimit. If you need higher maxclients increase 'ulimit -n'.")
    }
}
