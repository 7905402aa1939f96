// MEMORY DOCTOR: what is wrong with the use of memory, in words.

enum MemoryDoctor {
    /// Less than this is not worth a look.
    private static let emptyBytes = 5 << 20
    private static let clientBytesThatAreMany = 200 << 10

    /// Replies with a text.
    @Sendable
    static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.verbatim(report(call.server))
    }

    private static func report(_ server: ServerContext) -> String {
        let figures = MemoryFigures(server)
        guard figures.used >= emptyBytes else {
            return "There is next to no data in this instance; nothing can be said about its memory.\n"
        }
        let findings = findings(figures, server)
        guard !findings.isEmpty else { return "Nothing is wrong with the memory of this instance.\n" }
        return "This was found:\n" + findings.map { "* \($0)\n" }.joined()
    }

    private static func findings(_ figures: MemoryFigures, _ server: ServerContext) -> [String] {
        var findings: [String] = []
        if Double(figures.peak) > Double(figures.used) * 1.5 {
            findings.append(
                "Peak: at its peak this instance used \(figures.peak) bytes, now \(figures.used). The process may "
                    + "stay larger than it has to be; MEMORY PURGE gives back what can be given back.")
        }
        if Double(figures.active) > Double(figures.allocated) * 1.4, figures.active - figures.allocated > 10 << 20 {
            findings.append(
                "Fragmentation: the allocators hold \(figures.active) bytes for \(figures.allocated) that are in use, "
                    + "mostly because many keys or values of other sizes were deleted.")
        }
        if Double(figures.resident) > Double(figures.active) * 1.4, figures.resident - figures.active > 10 << 20 {
            findings.append(
                "Process: \(figures.resident - figures.active) bytes of the process belong to no allocator of data. "
                    + "In an embedded server that is the program around it.")
        }
        let clients = server.clients.count
        let buffers = server.clientMemory.value.total
        if clients > 0, buffers / clients > clientBytesThatAreMany {
            findings.append(
                "Clients: \(clients) of them take \(buffers) bytes, more than 200 kb each. CLIENT LIST shows whose "
                    + "replies (omem) or requests (qbuf) wait; client-output-buffer-limit and maxmemory-clients bound "
                    + "them.")
        }
        let limit = server.configuration.value.maxmemory
        if limit > 0, server.excessMemory > 0 {
            findings.append(
                "Limit: maxmemory is exceeded by \(server.excessMemory) bytes. With the policy "
                    + "\(server.configuration.value.maxmemoryPolicy.rawValue) nothing more can be evicted.")
        }
        return findings
    }
}
