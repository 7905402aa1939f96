// Names of Redis 7.4's commands that are not here yet. A rule about one of them is kept and changes nothing, so that
// the users of a Redis server can be read; a command that is added leaves this list.

enum WaitingCommands {
    /// Whether a rule may name it: a full name in lower case.
    static func contains(_ name: String) -> Bool { names.contains(name) }

    static let names = Set(
        """
        asking blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin cluster cluster|addslots
        cluster|addslotsrange cluster|bumpepoch cluster|count-failure-reports cluster|countkeysinslot cluster|delslots
        cluster|delslotsrange cluster|failover cluster|flushslots cluster|forget cluster|getkeysinslot cluster|help
        cluster|info cluster|keyslot cluster|links cluster|meet cluster|myid cluster|myshardid cluster|nodes
        cluster|replicas cluster|replicate cluster|reset cluster|saveconfig cluster|set-config-epoch cluster|setslot
        cluster|shards cluster|slaves cluster|slots eval eval_ro evalsha evalsha_ro failover fcall fcall_ro function
        function|delete function|dump function|flush function|help function|kill function|list function|load
        function|restore function|stats geoadd geodist geohash geopos georadius georadius_ro georadiusbymember
        georadiusbymember_ro geosearch geosearchstore lindex linsert llen lmove lmpop lpop lpos lpush lpushx lrange
        lrem lset ltrim migrate module|load module|loadex module|unload pfadd pfcount pfdebug pfmerge pfselftest psync
        readonly readwrite replconf replicaof restore-asking rpop rpoplpush rpush rpushx script script|debug
        script|exists script|flush script|help script|kill script|load sflush slaveof sort sort_ro sync xack xadd
        xautoclaim xclaim xdel xgroup xgroup|create xgroup|createconsumer xgroup|delconsumer xgroup|destroy
        xgroup|help xgroup|setid xinfo xinfo|consumers xinfo|groups xinfo|help xinfo|stream xlen xpending xrange xread
        xreadgroup xrevrange xsetid xtrim zadd zcard zcount zdiff zdiffstore zincrby zinter zintercard zinterstore
        zlexcount zmpop zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrangestore zrank zrem
        zremrangebylex zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan
        zscore zunion zunionstore
        """.split { $0 == " " || $0 == "\n" }.map(String.init))
}
