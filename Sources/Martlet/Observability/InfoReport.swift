// INFO's text: sections with a title, a `name:value` line for each field, an empty line between two sections.

struct InfoReport {
    private(set) var text = ""

    mutating func begin(_ title: String) {
        if !text.isEmpty { text += "\r\n" }
        text += "# \(title)\r\n"
    }

    mutating func add(_ name: String, _ value: String) { text += "\(name):\(value)\r\n" }

    mutating func add(_ name: String, _ value: some BinaryInteger) { add(name, "\(value)") }

    /// With two digits behind the point.
    mutating func add(_ name: String, _ value: Double, unit: String = "") { add(name, Self.decimal(value) + unit) }

    /// A number of bytes, and in a second field what people like to read.
    mutating func add(_ name: String, bytes: Int) {
        add(name, bytes)
        add("\(name)_human", Self.human(bytes))
    }

    /// `100B`, `1.50K`, `2.00M` ...
    static func human(_ bytes: Int) -> String {
        guard bytes >= 1024 else { return "\(bytes)B" }
        var amount = Double(bytes) / 1024
        var units = "KMGTPE"[...]
        while amount >= 1024, units.count > 1 {
            amount /= 1024
            units = units.dropFirst()
        }
        return decimal(amount) + units.prefix(1)
    }

    /// Two digits behind the point; what is no number, or too large for this, is 0.
    static func decimal(_ value: Double) -> String {
        guard let hundredths = Int64(exactly: (value.magnitude * 100).rounded()) else { return "0.00" }
        let fraction = String(100 + hundredths % 100).suffix(2)
        return "\(value < 0 && hundredths > 0 ? "-" : "")\(hundredths / 100).\(fraction)"
    }
}
