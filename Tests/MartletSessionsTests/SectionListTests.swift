// The list that holds a session's sections behaves as a dictionary would.

import Testing

@testable import MartletSessions

struct SectionListTests {
    @Test func isADictionaryOfAFew() {
        var list = SectionList()
        #expect(list["a"] == nil)
        list.append("a", [1])
        list["b"] = [2]
        list["a"] = [3, 4]
        list["none"] = nil
        #expect(list["a"] == [3, 4] && list["b"] == [2])
        #expect(list.map(\.name) == ["a", "b"] && list.map(\.envelope.count) == [2, 1])
        list["a"] = nil
        #expect(list["a"] == nil && list.map(\.name) == ["b"])
    }
}
