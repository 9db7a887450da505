/// Why a packet cannot be parsed. The raw value is a phrase for people.
public enum PacketFault: String, Error, Hashable, Sendable, CaseIterable {
    case truncatedHeader = "a header runs past the end"
    case tooManyTags = "more than two VLAN tags"
    case wrongVersion = "an IP version that is not the EtherType's"
    case shortHeader = "an IPv4 header of less than 20 bytes"
    case wrongLength = "an IP length that is less than the header or runs past the frame"
    case jumbogram = "an IPv6 payload length of 0 with hop-by-hop options"
    case tooManyHeaders = "too many extension headers"
    case notFinal = "a routing header with segments left: the destination is not final"
    case overlappingFragment = "a later fragment that reaches into the TCP header"
    case wrongDataOffset = "a TCP data offset of less than 20 bytes or past the end"
}
