// The same sessions in two layouts: the source documents' six keys for each, and the session store's.
//
// The sections, their fields and sizes are those of the source documents: five hashes and the text of an analysis,
// which can be left out. Six keys hold the fields as fields of hashes; the store holds each section as JSON.

import Martlet
import MartletClient
import MartletSessions

struct SessionFill {
    private let url: String
    private let count: Int
    private let usesSixKeys: Bool
    private let withAnalysis: Bool

    init?(_ arguments: [String]) {
        guard arguments.count == 6, arguments[1] == "fill", let count = Int(arguments[4]) else { return nil }
        (url, self.count) = (arguments[3], count)
        usesSixKeys = arguments[2] == "six-keys"
        withAnalysis = arguments[5] == "with"
    }

    func run() async throws {
        let client = try RedisClient(url: url)
        if usesSixKeys {
            for number in 0..<count { try await fillSixKeys(client, number) }
        } else {
            let store = try SessionStore(client)
            for number in 0..<count { try await fill(store, number) }
        }
        client.close()
    }

    private static func sections(_ number: Int) -> [(name: String, ttl: Int, fields: [String: String])] {
        let text = Load.text(560, number)
        return [
            (
                "auth", 3600,
                [
                    "logged_in": "true", "username": "user\(number)", "user_role": "admin",
                    "user_id": "\(10_000 + number)",
                    "daily_limit": "1000", "authenticated": "true", "session_token": Load.text(40, number),
                    "account_type": "premium", "early_access": "false",
                ]
            ),
            (
                "translation", 1800,
                [
                    "source_lang": "jp", "target_lang": "en", "language_pair": "ja-en", "input_text": text,
                    "partner_message": "casual", "context_info": "business meeting", "analysis_engine": "gemini",
                ]
            ),
            ("security", 3600, ["csrf_token": "csrf_" + Load.text(27, number), "session_created": "1690279800"]),
            ("ui", 86400, ["lang": "jp", "preferred_lang": "jp", "temp_lang_override": "false"]),
            (
                "stats", 86400,
                [
                    "usage_count": "5", "last_usage_date": "2025-07-25", "avg_rating": "4.2", "bookmarked_count": "3",
                ]
            ),
        ]
    }

    private func fillSixKeys(_ client: RedisClient, _ number: Int) async throws {
        // The documents' ids are 32 hexadecimal digits.
        let id = String(repeating: "0", count: 26) + String(100_000 + number)
        var commands: [RedisCommand] = []
        for section in Self.sections(number) {
            let key = "session:\(section.name):\(id)"
            commands.append(RedisCommand(words: ["HSET", key] + section.fields.flatMap { [$0.key, $0.value] }))
            commands.append(RedisCommand("EXPIRE", key, section.ttl))
        }
        if withAnalysis {
            commands.append(RedisCommand("SET", "session:analysis:\(id)", Load.text(2048, number), "EX", 900))
        }
        for result in try await client.pipeline(commands) { _ = try result.get() }
    }

    private func fill(_ store: SessionStore, _ number: Int) async throws {
        _ = try await store.create(principal: Principal("user:\(number)")) { (draft) throws(SessionError) in
            for section in Self.sections(number) {
                try draft.set(SessionSection<[String: String]>(section.name), to: section.fields)
            }
            if withAnalysis { try draft.set(Load.section("analysis"), to: Load.text(2048, number)) }
        }
    }
}
