package portal

import (
	"context"

	"halfkey/connectors/thingspeak"
	"halfkey/devices"
	"halfkey/web/ui"
)

// silent is why a device is not heard, for the page of one that is silent; nil
// for any other, and for who may not read it.
func (p *Portal) silent(ctx context.Context, d devices.View) (*silence, error) {
	if d.Presence != devices.Silent || !d.Values {
		return nil, nil
	}
	found, err := p.Devices.WhySilent(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	v := &silence{At: found.At}
	for _, l := range devices.Links {
		if l == found.Broken && found.Cause != devices.CauseUnheard {
			break
		}
		if l == devices.LinkDevice {
			continue // all that we know of it is that nothing is in its way
		}
		v.Ticks = append(v.Ticks, ui.Tick{Text: linkWord(ctx, l), State: "done"})
	}
	at, fix := "/devices/"+string(d.ID), ""
	switch found.Cause {
	case devices.CauseAsks:
		v.Title, v.Text, fix, v.Href = ui.T(ctx, "view.silent.asks"), ui.T(ctx, "view.silent.asks.text"), ui.T(ctx, "view.silent.asks.fix"), "/pending"
	case devices.CauseMute:
		v.Title, v.Text = ui.T(ctx, "view.silent.mute"), ui.T(ctx, "view.silent.mute.text", "URL", d.Channel)
	case devices.CauseOldKey, devices.CauseNoKey:
		v.Title, v.Text = ui.T(ctx, "view.silent.nokey"), ui.T(ctx, "view.silent.nokey.text")
		if found.Cause == devices.CauseOldKey {
			v.Title, v.Text = ui.T(ctx, "view.silent.oldkey"), ui.T(ctx, "view.silent.oldkey.text")
		}
		if found.Manual {
			fix, v.Href = ui.T(ctx, "view.key.change"), at+"/write-key"
		}
		if d.Copy.Service == thingspeak.Provider {
			fix, v.Href = ui.T(ctx, "newkey.rotate"), at+"/new-key"
		}
	case devices.CausePlace:
		v.Title, v.Text = ui.T(ctx, "view.silent.place"), ui.T(ctx, "view.silent.place.text")
		if found.Org != "" {
			fix, v.Href = ui.T(ctx, "view.silent.place.fix"), "/orgs/"+string(found.Org)
		}
	case devices.CauseStopped:
		v.Title, v.Text = ui.T(ctx, "view.silent.stopped"), ui.T(ctx, "view.silent.stopped.text", "Name", found.Connector)
	case devices.CauseLost:
		v.Title, v.Text = ui.T(ctx, "view.silent.lost"), ui.T(ctx, "view.silent.lost.text", "Name", found.Connector)
	case devices.CauseTrouble:
		v.Title, v.Text = ui.T(ctx, "view.silent.trouble"), ui.T(ctx, "view.silent.trouble.text", "Name", found.Connector)
	case devices.CauseUnread:
		v.Title, v.Text = ui.T(ctx, "copy.silent"), ui.T(ctx, "copy.silent.text", "Name", found.Connector)
	default:
		v.Title, v.Text = ui.T(ctx, "view.silent.unheard"), ui.T(ctx, "view.silent.unheard.text")
	}
	if v.Fix = fix; v.Href == "" && found.Connector != "" {
		v.Fix, v.Href = ui.T(ctx, "view.silent.connector.fix"), "/connectors"
	}
	return v, nil
}

func linkWord(ctx context.Context, l devices.Link) string {
	switch l {
	case devices.LinkKey:
		return ui.T(ctx, "view.link.key")
	case devices.LinkPolicy:
		return ui.T(ctx, "view.link.policy")
	case devices.LinkConnector:
		return ui.T(ctx, "view.link.connector")
	}
	return ui.T(ctx, "view.link.provider")
}
