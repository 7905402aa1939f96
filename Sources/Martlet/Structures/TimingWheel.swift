protocol TimingWheelElement { init(_ address: UnsafeMutableRawPointer); var address: UnsafeMutableRawPointer {get}; var deadline: Int64 {get}; var filing: WheelFiling { get nonmutating set } }
struct WheelFiling: BitwiseCopyable, Equatable { var slot: UInt16; var position: UInt32; static var none: WheelFiling { WheelFiling(slot: .max, position: 0) } }
struct TimingWheel<Element: TimingWheelElement>: ~Copyable {
  init(now: Int64) {}
  var count = 0
  var memoryBytes = 0
  mutating func file(_ e: Element) {count += 1}
  mutating func unfile(_ e: Element) {count -= 1}
  mutating func refile(_ e: Element) {}
  mutating func popDue(now: Int64) -> Element? {nil}
  func nextWake(after: Int64) -> Int64? {nil}
}
