package live

import "testing"

func TestTurnsChangeWithTheirEvents(t *testing.T) {
	h := &Hub{}
	one, _ := h.Turn(Value, "100001")
	other, _ := h.Turn(Value, "100002")
	every, _ := h.Turn(Value, "")
	joins, _ := h.Turn(Join, "")
	h.Publish(Event{Kind: Value, Tenant: "simpsons", ID: "100001"})
	if now, _ := h.Turn(Value, "100001"); now == one {
		t.Error("a value leaves its channel's turn as it was")
	}
	if now, _ := h.Turn(Value, ""); now == every {
		t.Error("a value leaves the turn of all values as it was")
	}
	if now, _ := h.Turn(Value, "100002"); now != other {
		t.Error("a value changes another channel's turn")
	}
	if now, _ := h.Turn(Join, ""); now != joins {
		t.Error("a value changes the turn of the questions at the door")
	}
	h.missed()
	if now, _ := h.Turn(Join, ""); now == joins {
		t.Error("what was missed leaves a turn as it was")
	}
	var none *Hub
	if _, ok := none.Turn(Value, ""); ok {
		t.Error("no hub knows a turn")
	}
}
