// The rows of directives about how much memory keys and clients may take.

extension DirectiveTable {
    static let memory = DirectiveSection(
        title: "MEMORY",
        directives: [
            Directive(
                "maxmemory", at: \.maxmemory, .memory(0...UInt64.max),
                """
                Bytes above which keys are evicted; 0 for no limit. Counted are the keys, their values and indexes, and
                the buffers of clients; not counted is what waits for the append only file.
                """),
            Directive(
                "maxmemory-policy", at: \.maxmemoryPolicy, .choice,
                """
                Which keys are evicted: with volatile- only those that have a time to live. LRU takes those unused for
                the longest time, LFU those used least often, ttl those whose time is over soonest; with noeviction
                commands that need memory are answered with an error instead.
                """),
            Directive(
                "maxmemory-samples", at: \.maxmemorySamples, .integer(1...int32Max),
                """
                Keys compared for one eviction: LRU and LFU look at so many random ones, and remember the best
                candidates of earlier looks. More is more exact and slower.
                """),
            Directive(
                "maxmemory-eviction-tenacity", at: \.maxmemoryEvictionTenacity, .integer(0...100),
                """
                How long one round of eviction may hold up clients: 50 microseconds for each of the first ten, then 15
                percent more for each; 100 is until it is done. What is left is evicted between other work.
                """),
            Directive(
                "maxmemory-clients", at: \.maxmemoryClients, .memoryOrPercent,
                """
                Memory of all clients together (buffers, queued commands, subscriptions) above which those that take
                most are disconnected; 0 for no limit. CLIENT NO-EVICT protects a client.
                """),
            Directive(
                "lfu-log-factor", at: \.lfuLogFactor, .integer(0...int32Max),
                "How slowly the counters of LFU grow: with 10, a million uses saturate one at 255."),
            Directive(
                "lfu-decay-time", at: \.lfuDecayTime, .integer(0...int32Max),
                "Minutes without use that take one from a counter of LFU; 0 for never."),
            Directive(
                "lazyfree-lazy-eviction", at: \.lazyfreeLazyEviction, .yesNo,
                "Free evicted values in the background."),
        ])
}
