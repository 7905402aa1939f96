"""The command families. A family is a module with GENERATORS: a list of (weight, function); the function takes the
dice and returns one command, or a list of commands that belong together. A new family is one line here."""

from . import bitmaps, connection, expiry, hashes, keys, messages, payloads, server, sets, strings

FAMILIES = {
    "strings": strings.GENERATORS,
    "bitmaps": bitmaps.GENERATORS,
    "keys": keys.GENERATORS,
    "expiry": expiry.GENERATORS,
    "hashes": hashes.GENERATORS,
    "sets": sets.GENERATORS,
    "messages": messages.GENERATORS,
    "payloads": payloads.GENERATORS,
    "connection": connection.GENERATORS,
    "server": server.GENERATORS,
}
