// Lists of processors, in the words of redis.conf.

import Testing

@testable import Martlet

struct ProcessorListTests {
    @Test(arguments: [
        ("0", [0]), ("3,1", [1, 3]), ("0-3", [0, 1, 2, 3]), ("0-7:2", [0, 2, 4, 6]), ("5-5", [5]),
        ("1,10-11,1", [1, 10, 11]), ("1022-1023", [1022, 1023]), ("62-65:3", [62, 65]), ("0-3:1023", [0]),
    ])
    func lists(text: String, numbers: [Int]) {
        #expect(ProcessorList(text)?.numbers == numbers)
    }

    @Test(arguments: [
        "", ",", "1,", "-1", "1-", "3-1", "a", "1 2", "+1", "0x1", "1024", "0-1024", "1:2", "0-7:", "0-7:0", "0-7:-1",
        "0-7:2:2", "0-3-5", "99999999999999999999", "٣",
    ])
    func whatIsNone(text: String) {
        #expect(ProcessorList(text) == nil)
    }
}
