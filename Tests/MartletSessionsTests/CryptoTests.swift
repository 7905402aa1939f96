// Digests, signatures and base64url against the standards' vectors.

import Martlet
import Testing

@testable import MartletSessions

struct CryptoTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// FIPS 180-4's examples, and NIST's for a million letters.
    @Test func sha256() {
        for (text, digest) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ] { #expect(hex(SHA256.digest(of: Array(text.utf8))) == digest) }
    }

    /// RFC 4231, test cases 1 to 4, 6 and 7.
    @Test func hmac() {
        func bytes(_ value: UInt8, _ count: Int) -> [UInt8] { [UInt8](repeating: value, count: count) }
        let long = "Test Using Larger Than Block-Size Key - Hash Key First"
        let longer =
            "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be"
            + " hashed before being used by the HMAC algorithm."
        for (key, data, signature) in [
            (
                bytes(0x0b, 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (bytes(0xaa, 20), bytes(0xdd, 50), "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                Array(1...25), bytes(0xcd, 50), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (
                bytes(0xaa, 131), Array(long.utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                bytes(0xaa, 131), Array(longer.utf8),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ] { #expect(hex(SHA256.authenticate(data, key: key)) == signature) }
    }

    @Test func comparison() {
        #expect(
            SHA256.areEqual([1, 2], [1, 2]) && !SHA256.areEqual([1, 2], [1, 3]) && !SHA256.areEqual([1], [1, 2]))
    }

    /// RFC 4648, section 10, without padding.
    @Test func base64URL() {
        for (text, code) in [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64URL.encode(Array(text.utf8)) == code)
            #expect(Base64URL.decode(code) == Array(text.utf8))
        }
        #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8" && Base64URL.decode("-_8") == [0xFB, 0xFF])
        for wrong in ["Z", "Zg=", "Z g", "Zh", "Zm9", "+/8", "Zé"] { #expect(Base64URL.decode(wrong) == nil) }
    }

    @Test func keyRings() throws {
        let (old, new) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let before = try KeyRing([old])
        let during = try KeyRing([new, old])
        let after = try KeyRing([new])
        let signature = before.sign([1, 2, 3])
        #expect(during.verifies(signature, of: [1, 2, 3]) && !after.verifies(signature, of: [1, 2, 3]))
        #expect(!during.verifies(signature, of: [1, 2]) && after.verifies(during.sign([4]), of: [4]))
        #expect(throws: SessionError.self) { try KeyRing([]) }
        #expect(throws: SessionError.self) { try KeyRing([[1, 2, 3]]) }
    }
}
