package doctor

import (
	"context"
	"time"

	"halfkey/iam"
	"halfkey/migrations"
)

// What can be wrong with work that is done beside requests.
const (
	JobsDead  Code = "jobs-dead"  // of one kind: tried often enough
	JobsAgain Code = "jobs-again" // of one kind: they failed and are tried again
	JobsStill Code = "jobs-still" // nothing has been done for a while
	MailStuck Code = "mail"       // letters that were not taken, tried again
	MailDead  Code = "mail-dead"  // and those that were given up
)

// letterJob is the kind of job that carries a letter.
const letterJob = "letter"

// stillMost is how long nothing may be done: the timetable has something each minute.
const stillMost = 5 * time.Minute

func (s *Service) jobs(ctx context.Context, _ iam.OrgID) (all []Finding, err error) {
	trouble, err := migrations.JobTroubles(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	for _, t := range trouble {
		if t.Kind == letterJob {
			continue // post tells of those
		}
		all = append(all, failing(t, JobsDead, JobsAgain))
	}
	last, err := migrations.LastWorked(ctx, s.DB)
	if err == nil && !last.IsZero() && s.Now().Sub(last) > stillMost {
		all = append(all, Finding{Code: JobsStill, Weight: Broken, Since: last})
	}
	return all, err
}

func (s *Service) post(ctx context.Context, _ iam.OrgID) (all []Finding, err error) {
	trouble, err := migrations.JobTroubles(ctx, s.DB)
	for _, t := range trouble {
		if t.Kind == letterJob {
			all = append(all, failing(t, MailDead, MailStuck))
		}
	}
	return all, err
}

func failing(t migrations.JobTrouble, dead, again Code) Finding {
	f := Finding{Code: dead, Weight: Broken, Subject: t.Kind, Name: t.Kind, Count: t.Count, Cause: t.Last.Error, Since: t.Since}
	if t.State == migrations.JobAgain {
		f.Code, f.Weight, f.Next = again, Shaky, t.Last.Next
	}
	return f
}
