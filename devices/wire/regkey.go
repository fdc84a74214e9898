package wire

import "errors"

// A Form tells a registration key's two shapes apart.
type Form string

const (
	// Standard keys have a first half of 50 bits and a second of 130 bits.
	Standard Form = "standard"
	// Classic keys have two halves of 40 bits, for devices that take only
	// XXXXXXXX-XXXXXXXX. They open the simple door alone.
	Classic Form = "classic"
)

const (
	standardFirst = 10
	secretLength  = 26 // a standard key's second half, and a device's secret
	standardKey   = standardFirst + secretLength + 1
	classicFirst  = 8
	classicKey    = 2 * classicFirst
)

// A RegKey is a whole registration key in normal form: what an owner reads in
// the portal and types into a device. First is a name and travels in clear.
type RegKey struct {
	Form   Form
	First  string
	Second SecondHalf // without the check character
}

// A SecondHalf never travels. It prints as dots, in text, JSON and logs alike.
type SecondHalf string

const dots = "••••••••"

// Reveal gives the characters themselves, to derive keys from or to seal.
func (s SecondHalf) Reveal() string { return string(s) }

func (SecondHalf) String() string               { return dots }
func (SecondHalf) GoString() string             { return dots }
func (SecondHalf) MarshalText() ([]byte, error) { return []byte(dots), nil }

// String shows the first half, and dots for the second.
func (k RegKey) String() string { return k.First + "-" + dots }

// GoString is String: %#v tells no more.
func (k RegKey) GoString() string { return k.String() }

// Typed shows the whole key as people copy it:
// QK7M2X9D4T-8RWV3C5HJ-0TN6ZQ4MK-GX2BD7PAD, or HQ481047-1JW0RF43.
func (k RegKey) Typed() string {
	if k.Form == Classic {
		return k.First + "-" + string(k.Second)
	}
	rest := string(k.Second)
	rest += string(checkCharacter(k.First + rest))
	return k.First + "-" + rest[:9] + "-" + rest[9:18] + "-" + rest[18:]
}

// ParseKey takes a whole key as typed: any case, O for 0, I and L for 1,
// hyphens and spaces anywhere.
func ParseKey(typed string) (RegKey, error) {
	typed = joined(typed)
	if len(typed) != classicKey && len(typed) != standardKey {
		return RegKey{}, malformed("key: a registration key has 16 or 37 characters besides the hyphens")
	}
	normal, ok := normalize(typed)
	if !ok {
		return RegKey{}, malformed("key: only digits and letters without U")
	}
	if len(normal) == classicKey {
		return RegKey{Form: Classic, First: normal[:classicFirst], Second: SecondHalf(normal[classicFirst:])}, nil
	}
	body := normal[:standardKey-1]
	if checkCharacter(body) != normal[standardKey-1] {
		return RegKey{}, malformed("key: a character is mistyped, the last one does not fit the others")
	}
	return RegKey{Form: Standard, First: body[:standardFirst], Second: SecondHalf(body[standardFirst:])}, nil
}

// ErrWholeKey says that a whole key came where only a first half belongs. Its
// owner should hear that it was on the line.
var ErrWholeKey = errors.New("key: send the first half only")

// NormalizeFirst takes the simple door's key parameter and gives the first half
// in normal form, 8 or 10 characters. For a whole key it gives ErrWholeKey
// together with the first half, and does not look at the rest.
func NormalizeFirst(s string) (string, error) {
	s = joined(s)
	var length int
	switch len(s) {
	case classicFirst, classicKey:
		length = classicFirst
	case standardFirst, standardKey - 1, standardKey:
		length = standardFirst
	default:
		return "", malformed("key: a first half has 8 or 10 characters")
	}
	first, ok := normalize(s[:length])
	switch {
	case !ok:
		return "", malformed("key: only digits and letters without U")
	case len(s) > length:
		return first, ErrWholeKey
	}
	return first, nil
}

// NewSecret draws a device's own secret: 26 characters, 130 bits.
func NewSecret() string { return drawn(secretLength) }
