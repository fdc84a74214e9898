package thingspeak

import (
	"errors"
	"net/http"
	"strconv"

	"halfkey/connectors"
	"halfkey/connectors/channels"
	"halfkey/iam/fault"
)

var (
	errMethod = fault.New(fault.Malformed, "method", "This address does not know that method.")
	errFormat = fault.New(fault.NotFound, "format", "Only JSON and XML are spoken here.")
)

// account answers /channels, /channels/{id} and DELETE /channels/{id}/feeds.
func (d *door) account(c *call) {
	if c.format == asCSV {
		d.refuseAccount(c, errFormat)
		return
	}
	said, err := d.accountCall(c)
	if err != nil {
		d.refuseAccount(c, err)
		return
	}
	c.told(said)
}

// told answers an account call: an object or a list of them.
func (c *call) told(said any) {
	if c.format != asXML {
		c.json(http.StatusOK, appendValue(nil, said), jsonText)
		return
	}
	name := "channel"
	if l, many := said.(list); many {
		name = l.item + "s"
	}
	answer(c.w, http.StatusOK, xmlText, asElement(name, said))
}

func (d *door) accountCall(c *call) (any, error) {
	var id channels.ID
	if len(c.parts) > 1 {
		var err error
		if id, err = channels.ParseID(c.parts[1]); err != nil {
			return nil, err
		}
	}
	a, err := d.Store.Account(c.ctx, c.key)
	if errors.Is(err, channels.ErrAccount) && id != 0 && isGet(c.r.Method) {
		return d.publicPart(c, id)
	}
	if err != nil {
		return nil, err
	}
	switch m := c.r.Method; {
	case id == 0 && m == http.MethodPost:
		return listed(d.Store.MakeChannel(c.ctx, a, settingsOf(c.params)))
	case id == 0 && isGet(m):
		return d.list(c, a)
	case id == 0:
		return nil, errMethod
	case len(c.parts) == 3:
		return list{item: "nil_classe"}, d.Store.ClearChannel(c.ctx, a, id)
	case isGet(m):
		l, err := d.Store.AccountChannel(c.ctx, a, id)
		if errors.Is(err, connectors.ErrChannel) {
			return d.publicPart(c, id)
		}
		return listed(l, err)
	case m == http.MethodPut || m == http.MethodPatch || m == http.MethodPost:
		return listed(d.Store.SetChannel(c.ctx, a, id, settingsOf(c.params)))
	case m == http.MethodDelete:
		ch, err := d.Store.DeleteChannel(c.ctx, a, id)
		return channelOf(ch), err
	}
	return nil, errMethod
}

func isGet(m string) bool { return m == http.MethodGet || m == http.MethodHead }

// publicPart is what anybody may know of a public channel. Of a private one
// nothing, with a key of the channel neither: the account's key is asked for.
func (d *door) publicPart(c *call, id channels.ID) (any, error) {
	ch, err := d.Store.Find(c.ctx, id)
	switch {
	case err != nil:
		return nil, err
	case ch.Public:
		return channelOf(ch), nil
	}
	if _, err := d.Store.Access(c.ctx, id, c.key); err == nil {
		return nil, fault.New(fault.Malformed, "account-key-asked", "The settings of a private channel need the account's key.")
	}
	if _, err := d.Store.Account(c.ctx, c.key); err == nil {
		return nil, connectors.ErrChannel // it does not exist for this account
	}
	return nil, channels.ErrAccount
}

func (d *door) list(c *call, a channels.Account) (any, error) {
	all, err := d.Store.AccountChannels(c.ctx, a)
	if err != nil {
		return nil, err
	}
	tag, shown := c.params.Text("tag"), list{item: "channel"}
	for _, l := range all {
		if tag == "" || hasTag(l.Channel, tag) {
			shown.of = append(shown.of, listingOf(l))
		}
	}
	return shown, nil
}

func settingsOf(p Params) channels.Settings {
	w := channels.Settings{
		Name: p.Maybe("name"), Description: p.Maybe("description"),
		Latitude: p.Maybe("latitude", "lat"), Longitude: p.Maybe("longitude", "long"), Elevation: p.Maybe("elevation"),
		Metadata: p.Maybe("metadata"), Tags: p.Maybe("tags"), URL: p.Maybe("url"),
	}
	if v, ok := p.Get("public_flag", "public"); ok {
		public := isTrue(v)
		w.Public = &public
	}
	for i := range w.Fields {
		w.Fields[i] = p.Maybe(fieldNames[i][0])
	}
	return w
}

// An accountError is the body of a refused account call.
type accountError struct {
	status                 int
	code, message, details string
}

var accountErrors = map[fault.Kind]accountError{
	fault.Malformed:       {400, "error_bad_request", "Bad Request", "The request cannot be fulfilled due to bad syntax."},
	fault.Unprocessable:   {400, "error_bad_request", "Bad Request", "A value is too long or not text."},
	fault.Unauthenticated: {401, "error_auth_required", "Authorization Required", "Please provide proper authentication details."},
	fault.Refused:         {401, "error_auth_required", "Authorization Required", "Please provide proper authentication details."},
	fault.NotFound:        {404, "error_resource_not_found", "Resource Not Found", "The requested resource was not found."},
	fault.TooLarge:        {413, "error_request_too_large", "Request Too Large", "The request is larger than the server will read."},
	fault.TooMany:         {429, "error_too_many_requests", "Too Many Requests", "Please wait before the next request."},
	fault.Unavailable:     {503, "error_unavailable", "Service Unavailable", "Please try again in a moment."},
	fault.Internal:        {500, "error_internal", "Internal Server Error", "Something went wrong on our side."},
}

func (d *door) refuseAccount(c *call, err error) {
	e, ok := accountErrors[fault.Of(err).Kind]
	if !ok {
		e = accountErrors[fault.Malformed]
	}
	if errors.Is(err, errMethod) {
		e = accountError{405, "error_method_invalid", "Method Invalid", "This method is not supported for this resource."}
	}
	d.statusOf(c, err) // what is our fault goes into the log
	said := object{{"error_code", e.code}, {"message", e.message}, {"details", e.details}}
	switch status := strconv.Itoa(e.status); c.format {
	case asText:
		say(c.w, e.status, e.code)
	case asXML:
		answer(c.w, e.status, xmlText, asElement("error", append(object{{"status", status}}, said...)))
	default:
		answer(c.w, e.status, jsonText, appendValue(nil, object{{"status", status}, {"error", said}}))
	}
}
