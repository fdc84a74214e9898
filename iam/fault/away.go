package fault

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
)

// passing are the classes and codes of SQLSTATE for troubles that pass by
// themselves: no connection, no room, an operator at work, a lock that was not
// to be had, two deeds that stood in each other's way.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var passing = []string{"08", "53", "57P", "55P03", "40"}

// away tells that the database cannot be reached or cannot answer just now.
func away(err error) bool {
	if told, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		for _, begins := range passing {
			if strings.HasPrefix(told.SQLState(), begins) {
				return true
			}
		}
		return false
	}
	if unsent, ok := errors.AsType[interface {
		error
		SafeToRetry() bool
	}](err); ok && unsent.SafeToRetry() {
		return true // a connection that was closed before anything was said
	}
	_, line := errors.AsType[net.Error](err)
	return line || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF)
}
