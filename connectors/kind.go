package connectors

import "strings"

// A Kind is the sort of a device, as far as its channel cares.
type Kind string

// The kinds that we know.
const (
	Thermometer Kind = "thermometer"
	Humidity    Kind = "humidity"
	Gateway     Kind = "gateway"
	Agent       Kind = "agent"
	Other       Kind = "other"
)

// Kinds lists them all, for forms.
var Kinds = []Kind{Thermometer, Humidity, Gateway, Agent, Other}

// KindOf picks the kind of a new device: what its registration key presets,
// else what its model sounds like, else a thermometer.
func KindOf(model, preset string) Kind {
	for _, k := range Kinds {
		if string(k) == preset {
			return k
		}
	}
	model = strings.ToLower(model)
	for _, hint := range []struct {
		word string
		kind Kind
	}{{"therm", Thermometer}, {"temp", Thermometer}, {"hygro", Humidity}, {"humid", Humidity}, {"gateway", Gateway}, {"agent", Agent}} {
		if strings.Contains(model, hint.word) {
			return hint.kind
		}
	}
	return Thermometer
}

// Fields are those of a new channel for a device of this kind.
func (k Kind) Fields() []Field {
	switch k {
	case Thermometer:
		return []Field{{Name: "Temperature", Unit: "°C"}}
	case Humidity:
		return []Field{{Name: "Humidity", Unit: "%"}}
	case Gateway:
		return []Field{{Name: "Devices online"}}
	case Agent:
		return []Field{{Name: "Readings sent"}}
	}
	return []Field{{Name: "Value"}}
}
