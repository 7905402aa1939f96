// What the loop watches: something with a descriptor that wants to know when it is ready.

package class Pollable {
    /// The loop's key for this object while it is registered.
    final var token: UInt64?

    /// Called on the loop's queue when the descriptor is ready. `hangup` comes with errors and closed peers.
    func becameReady(readable: Bool, writable: Bool, hangup: Bool) {
        preconditionFailure("every pollable says what it does when it is ready")
    }
}
