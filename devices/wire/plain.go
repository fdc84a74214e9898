package wire

import "strings"

// MarshalPlain writes the simple door's content, which is what the thermometer
// of the first story expects: the channel's number and its write key.
func (c Channel) MarshalPlain() ([]byte, error) {
	if !isChannel(c.ID) || !isChannel(c.WriteKey) {
		return nil, malformed("channel: id and write key have 1 to 64 letters, digits or _ -")
	}
	return []byte("channel=" + c.ID + "\nwriteKey=" + c.WriteKey + "\n"), nil
}

// ParsePlain reads the simple door's content: exactly these two lines.
func ParsePlain(content []byte) (Channel, error) {
	id, rest, ok := strings.Cut(strings.TrimPrefix(string(content), "channel="), "\nwriteKey=")
	key, ended := strings.CutSuffix(rest, "\n")
	c := Channel{ID: id, WriteKey: key}
	again, err := c.MarshalPlain()
	if !ok || !ended || err != nil || string(again) != string(content) {
		return Channel{}, malformed("content: want the lines channel= and writeKey=")
	}
	return c, nil
}
