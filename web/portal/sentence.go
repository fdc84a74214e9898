package portal

import (
	"cmp"
	"context"
	"fmt"

	"halfkey/iam"
	"halfkey/iam/audit"
	"halfkey/policies"
	"halfkey/web/show"
	"halfkey/web/ui"
)

// sentence is how a verb of the trail is told.
type sentence struct {
	id, refused string // of the message; the second when it was refused
	icon, kind  string
}

// sentences tell the trail's verbs. What is not here is told as it is.
var sentences = map[string]sentence{
	"device.board":          {id: "activity.device.board", icon: "circle-check", kind: "good"},
	"device.board-again":    {id: "activity.device.again", icon: "refresh-cw"},
	"device.register":       {id: "activity.device.register", refused: "activity.device.refused", icon: "circle-alert", kind: "warn"},
	"device.ask":            {id: "activity.device.ask", icon: "radio"},
	"device.accept":         {id: "activity.device.accept", icon: "circle-check", kind: "good"},
	"device.decline":        {id: "activity.device.decline", icon: "circle-x"},
	"device.lift":           {id: "activity.device.lift", icon: "rotate-cw"},
	"device.drop":           {id: "activity.device.drop", icon: "x"},
	"device.rename":         {id: "activity.device.rename", icon: "pencil"},
	"device.move":           {id: "activity.device.move", icon: "network"},
	"device.suspend":        {id: "activity.device.suspend", icon: "pause", kind: "warn"},
	"device.resume":         {id: "activity.device.resume", icon: "play", kind: "good"},
	"device.retire":         {id: "activity.device.retire", icon: "trash-2"},
	"read-key.reveal":       {id: "activity.readkey.reveal", icon: "eye"},
	"key.issue":             {id: "activity.key.issue", icon: "key-round"},
	"key.reveal":            {id: "activity.key.reveal", icon: "eye"},
	"key.replace":           {id: "activity.key.replace", icon: "rotate-cw"},
	"key.revoke":            {id: "activity.key.revoke", icon: "circle-x", kind: "warn"},
	"key.list-serials":      {id: "activity.key.serials", icon: "scroll-text"},
	"key.retire":            {id: "activity.key.retire", icon: "clock"},
	"key.exposed":           {id: "activity.key.exposed", icon: "triangle-alert", kind: "bad"},
	"account-key.make":      {id: "activity.account.make", icon: "key-round"},
	"account-key.revoke":    {id: "activity.account.revoke", icon: "circle-x", kind: "warn"},
	"channel.create":        {id: "activity.channel.create", icon: "plus"},
	"channel.change":        {id: "activity.channel.change", icon: "pencil"},
	"channel.clear":         {id: "activity.channel.clear", icon: "trash-2", kind: "warn"},
	"channel.delete":        {id: "activity.channel.delete", icon: "trash-2", kind: "warn"},
	"channel.import":        {id: "activity.channel.import", icon: "plus"},
	"device.import":         {id: "import.told", icon: "plus"},
	"write-key.renew":       {id: "activity.write-key.renew", icon: "key-round"},
	"device.channel-other":  {id: "activity.device.channel-other", icon: "refresh-cw"},
	"device.channel-again":  {id: "activity.device.channel-again", icon: "refresh-cw", kind: "warn"},
	"connector.open":        {id: "activity.connector.open", icon: "plus", kind: "good"},
	"connector.change":      {id: "activity.connector.change", icon: "pencil"},
	"connector.refused":     {id: "activity.connector.refused", icon: "triangle-alert", kind: "bad"},
	"connector.pause":       {id: "activity.connector.pause", icon: "pause", kind: "warn"},
	"connector.resume":      {id: "activity.connector.resume", icon: "play", kind: "good"},
	"connector.remove":      {id: "activity.connector.remove", icon: "trash-2", kind: "warn"},
	"connector.again":       {id: "activity.connector.again", icon: "rotate-cw"},
	"job.retry":             {id: "activity.job.retry", icon: "rotate-cw"},
	"job.drop":              {id: "activity.job.drop", icon: "x", kind: "warn"},
	"webhook.again":         {id: "activity.webhook.again", icon: "rotate-cw"},
	"webhook.let-go":        {id: "activity.webhook.letgo", icon: "x", kind: "warn"},
	"connector.reconcile":   {id: "activity.connector.reconcile", icon: "refresh-cw"},
	"org.found":             {id: "activity.org.found", icon: "house-plug", kind: "good"},
	"org.make":              {id: "activity.org.make", icon: "network"},
	"org.rename":            {id: "activity.org.rename", icon: "pencil"},
	"person.invite":         {id: "activity.person.invite", icon: "user-plus"},
	"invitation.accept":     {id: "activity.invitation.accept", icon: "users", kind: "good"},
	"invitation.revoke":     {id: "activity.invitation.revoke", icon: "x"},
	"role.end":              {id: "activity.role.end", icon: "user"},
	"session.open":          {id: "activity.session.open", refused: "activity.session.refused", icon: "user"},
	"session.close":         {id: "activity.session.close", icon: "log-out"},
	"audit.export":          {id: "activity.audit.export", icon: "scroll-text"},
	"audit.check":           {id: "activity.audit.check", icon: "shield"},
	"recovery.ask":          {id: "mail.told.recover.ask", icon: "info"},
	"recovery.help":         {id: "mail.told.recover.help", icon: "user", kind: "warn"},
	"account.recover":       {id: "mail.told.recover", icon: "rotate-cw", kind: "warn"},
	"address.confirm":       {id: "mail.told.confirm", icon: "circle-check"},
	"address.change":        {id: "mail.told.change", icon: "pencil"},
	"sign-in.set":           {id: "mail.told.provider", icon: "shield"},
	"sign-in.remove":        {id: "mail.told.provider.remove", icon: "shield", kind: "warn"},
	"identity.link":         {id: "mail.told.link", icon: "user"},
	"session.end":           {id: "me.told.session.end", icon: "log-out"},
	"session.end-others":    {id: "me.told.session.others", icon: "log-out"},
	"passkey.add":           {id: "me.told.passkey.add", icon: "key-round"},
	"passkey.rename":        {id: "me.told.passkey.rename", icon: "pencil"},
	"passkey.remove":        {id: "me.told.passkey.remove", icon: "circle-x", kind: "warn"},
	"passkey.copied":        {id: "me.told.passkey.copied", icon: "triangle-alert", kind: "bad"},
	"password.set":          {id: "me.told.password.set", icon: "key-round"},
	"password.remove":       {id: "me.told.password.remove", icon: "circle-x", kind: "warn"},
	"app.on":                {id: "me.told.app.on", icon: "smartphone", kind: "good"},
	"app.off":               {id: "me.told.app.off", icon: "smartphone", kind: "warn"},
	"recovery-codes.renew":  {id: "me.told.codes.renew", icon: "rotate-cw"},
	"recovery-code.use":     {id: "me.told.codes.use", icon: "triangle-alert", kind: "warn"},
	"review.start":          {id: "activity.review.start", icon: "users"},
	"review.keep":           {id: "activity.review.keep", icon: "circle-check", kind: "good"},
	"review.end":            {id: "activity.review.end", icon: "circle-x"},
	"review.close":          {id: "activity.review.close", icon: "users"},
	"read-key.revoke":       {id: "activity.readkey.revoke", icon: "circle-x"},
	"key.term":              {id: "activity.key.term", icon: "clock"},
	"org.move":              {id: "activity.org.move", icon: "network"},
	"org.suspend":           {id: "activity.org.suspend", icon: "pause", kind: "warn"},
	"org.resume":            {id: "activity.org.resume", icon: "play", kind: "good"},
	"org.close":             {id: "activity.org.close", icon: "circle-x", kind: "warn"},
	"org.dates":             {id: "activity.org.dates", icon: "clock"},
	"org.settle":            {id: "activity.org.settle", icon: "settings"},
	"org.keep":              {id: "activity.org.keep", icon: "clock", kind: "warn"},
	"org.keep-drop":         {id: "activity.org.keep-drop", icon: "clock"},
	"role.give":             {id: "activity.role.give", icon: "user-plus"},
	"role.until":            {id: "activity.role.until", icon: "clock"},
	"role.expire":           {id: "activity.role.expire", icon: "clock"},
	"person.disable":        {id: "activity.person.disable", icon: "circle-x", kind: "warn"},
	"person.enable":         {id: "activity.person.enable", icon: "circle-check", kind: "good"},
	"person.leave":          {id: "activity.person.leave", icon: "log-out"},
	"share.give":            {id: "activity.share.give", icon: "users"},
	"share.accept":          {id: "activity.share.accept", icon: "circle-check", kind: "good"},
	"share.decline":         {id: "activity.share.decline", icon: "x"},
	"share.end":             {id: "activity.share.end", icon: "circle-x"},
	"service.make":          {id: "activity.service.make", icon: "terminal"},
	"service.end":           {id: "activity.service.end", icon: "circle-x", kind: "warn"},
	"token.make":            {id: "activity.token.make", icon: "key-round"},
	"token.revoke":          {id: "activity.token.revoke", icon: "circle-x"},
	"agent.create":          {id: "agent.told.create", icon: "plus"},
	"agent.change":          {id: "agent.told.change", icon: "pencil"},
	"agent.remove":          {id: "agent.told.remove", icon: "trash-2"},
	"agent.boarding":        {id: "agent.told.boarding", icon: "key-round"},
	"agent.register":        {id: "agent.told.register", refused: "agent.told.register.refused", icon: "circle-check", kind: "good"},
	"agent.renew":           {id: "agent.told.renew", refused: "agent.told.renew.refused", icon: "rotate-cw"},
	"agent.token":           {id: "agent.told.token", refused: "agent.told.token.refused", icon: "key-round", kind: "good"},
	"agent.offboard":        {id: "agent.told.offboard", icon: "log-out", kind: "warn"},
	"agent.configure":       {id: "agent.told.configure", icon: "pencil"},
	"agent.file":            {id: "agent.told.file", icon: "plus"},
	"agent.file-drop":       {id: "agent.told.file-drop", icon: "trash-2"},
	"agent.terms":           {id: "agent.told.terms", icon: "shield"},
	"agent.token-revoke":    {id: "agent.told.token-revoke", icon: "circle-x", kind: "warn"},
	"token-key.rotate":      {id: "agent.told.key", icon: "rotate-cw"},
	"asset.create":          {id: "agent.told.asset", icon: "plus"},
	"device.make":           {id: "view.told.make", icon: "plus", kind: "good"},
	"read-key.make":         {id: "view.told.readkey.make", icon: "key-round"},
	"webhook.make":          {id: "view.told.hook.make", icon: "plus"},
	"webhook.remove":        {id: "view.told.hook.remove", icon: "circle-x"},
	"embed.make":            {id: "view.told.embed.make", icon: "eye"},
	"embed.end":             {id: "view.told.embed.end", icon: "circle-x"},
	"write-key.show":        {id: "view.told.key.show", icon: "eye"},
	"write-key.change":      {id: "view.told.key.change", icon: "rotate-cw"},
	"deputy.name":           {id: "place.told.deputy", icon: "users"},
	"deputy.invite":         {id: "place.told.deputy.invite", icon: "user-plus"},
	"share.invite":          {id: "place.told.share", icon: "user-plus"},
	"person.look":           {id: "place.told.look", icon: "eye", kind: "warn"},
	"person.look-end":       {id: "place.told.look.end", icon: "eye"},
	"role.make":             {id: "place.told.role.make", icon: "plus"},
	"role.change":           {id: "place.told.role.change", icon: "pencil"},
	"role.drop":             {id: "place.told.role.end", icon: "circle-x"},
	"device.offer":          {id: "place.told.offer", icon: "network"},
	"device.offer.cancel":   {id: "place.told.offer.cancel", icon: "x"},
	"device.offer.decline":  {id: "place.told.offer.decline", icon: "x"},
	"device.sell":           {id: "place.told.sell", icon: "network", kind: "warn"},
	"device.buy":            {id: "place.told.buy", icon: "circle-check", kind: "good"},
	"key.break-glass":       {id: "admin.told.key", icon: "triangle-alert", kind: "bad"},
	"write-key.break-glass": {id: "admin.told.write-key", icon: "triangle-alert", kind: "bad"},
	"read-key.break-glass":  {id: "admin.told.read-key", icon: "triangle-alert", kind: "bad"},
	"write-key.rotate":      {id: "admin.told.write-key.rotate", icon: "rotate-cw"},
	"rule.add":              {id: "admin.told.rule.add", icon: "shield", kind: "warn"},
	"rule.remove":           {id: "admin.told.rule.remove", icon: "shield", kind: "warn"},
	"platform.set-up":       {id: "activity.platform.setup", icon: "shield"},
}

// told turns lines of the trail into sentences, with the names of the devices,
// people and places that they are about, as far as the viewer may know them.
func (p *Portal) told(ctx context.Context, lines []audit.Entry) ([]News, error) {
	n, err := p.namesIn(ctx, lines)
	if err != nil {
		return nil, err
	}
	all := make([]News, len(lines))
	for i, e := range lines {
		all[i] = n.tell(ctx, e)
	}
	return all, nil
}

// names are what the lines' ids stand for.
type names struct {
	devices map[iam.DeviceID]string
	people  map[iam.UserID]iam.User
	places  map[iam.OrgID]string
}

func (p *Portal) namesIn(ctx context.Context, lines []audit.Entry) (n names, err error) {
	var ids []iam.DeviceID
	var people []iam.UserID
	for _, e := range lines {
		switch e.ObjectType {
		case "device":
			ids = append(ids, iam.DeviceID(e.ObjectID))
		case "user":
			people = append(people, iam.UserID(e.ObjectID))
		}
	}
	if n.devices, err = p.Devices.Names(ctx, ids); err != nil {
		return n, err
	}
	if len(people) > 0 {
		if n.people, err = p.Users.Names(ctx, people); err != nil {
			return n, err
		}
	}
	n.places, err = p.Frame.PlaceNames(ctx)
	return n, err
}

func (n names) tell(ctx context.Context, e audit.Entry) News {
	s, ok := sentences[e.Verb]
	if !ok {
		s = sentence{id: "activity.other", icon: "info"}
	}
	id := s.id
	if e.Outcome == audit.Refused && s.refused != "" {
		id = s.refused
	}
	return News{Icon: s.icon, Kind: s.kind, Text: ui.Rich(id, n.values(ctx, e)...), At: e.Time()}
}

// values fill the placeholders that any sentence may have.
func (n names) values(ctx context.Context, e audit.Entry) []any {
	d := e.Details()
	text := func(key string) string {
		if v, ok := d[key]; ok {
			return fmt.Sprint(v)
		}
		return ""
	}
	device := n.devices[iam.DeviceID(e.ObjectID)]
	if device == "" {
		device = text("serial")
	}
	serial := text("serial")
	if serial == "" {
		serial = e.ObjectID
	}
	channel := text("channel")
	if e.ObjectType == "channel" {
		channel = e.ObjectID
	}
	name := cmp.Or(text("name"), changed(d, "name"))
	role := policies.Role(cmp.Or(text("role"), changed(d, "role")))
	roleWord := show.Role(ctx, role)
	if role.Custom() {
		roleWord = ui.T(ctx, "place.role.own")
	}
	return []any{"Actor", e.ActorName, "Device", device, "Serial", serial, "Place", n.places[iam.OrgID(e.OrgID)],
		"From", n.place(text("from")), "To", n.place(text("to")), "Name", name, "Email", text("email"),
		"Role", roleWord, "Person", n.people[iam.UserID(e.ObjectID)].Name, "Channel", channel,
		"Cause", text("cause"), "Reason", text("reason"), "Listed", text("count"), "Verb", e.Verb, "Count", int(e.Count)}
}

// changed is what a field became, or was where it is gone, in a line that tells
// what was before and after.
func changed(d audit.Detail, field string) string {
	for _, side := range []string{"after", "before"} {
		if fields, ok := d[side].(map[string]any); ok && fields[field] != nil {
			return fmt.Sprint(fields[field])
		}
	}
	return ""
}

// place is the name that an id stands for, or the text itself where it is none.
func (n names) place(s string) string {
	if name, ok := n.places[iam.OrgID(s)]; ok {
		return name
	}
	return s
}
