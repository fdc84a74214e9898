package audit

import "context"

// Actor is who does it, as the trail names him.
type Actor struct {
	Type     string // user, device, service, system, stranger
	ID       string
	Name     string
	OnBehalf string // for whom, if not for himself
}

func (a Actor) label() string {
	if a.OnBehalf == "" {
		return a.Name
	}
	return a.Name + " for " + a.OnBehalf
}

// system acts when ctx knows nobody: jobs, the start of the program.
var system = Actor{Type: "system", Name: "Halfkey"}

type actorKey struct{}

// WithActor puts the actor into ctx, for Record.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom finds the actor, or the system itself.
func ActorFrom(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return system
}

type request struct{ door, id string }

type requestKey struct{}

// WithRequest puts the door and the request's id into ctx, for Record.
func WithRequest(ctx context.Context, door, requestID string) context.Context {
	return context.WithValue(ctx, requestKey{}, request{door, requestID})
}

func requestFrom(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}
