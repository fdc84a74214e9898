package dbtest

// A hook on every connection of a test's process hears each statement, however it
// came there. https://www.sqlite.org/c3ref/trace_v2.html

/*
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern int sqlite3_auto_extension(void (*)(void));
extern int sqlite3_trace_v2(void *, unsigned, int (*)(unsigned, void *, void *, void *), void *);
extern const char *sqlite3_sql(void *);
extern int sqlite3_stmt_isexplain(void *);

// A set of texts, with room for twice as many as there are.
enum { slots = 1 << 15 };
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static char *seen[slots];
static int count, recording;

static void add(const char *sql) {
	uint32_t at = 2166136261;
	for (const char *c = sql; *c; c++) at = (at ^ (unsigned char)*c) * 16777619;
	for (at %= slots; seen[at]; at = (at + 1) % slots)
		if (strcmp(seen[at], sql) == 0) return;
	if (count < slots / 2) seen[at] = strdup(sql), count++;
}

static int ran(unsigned event, void *context, void *statement, void *took) {
	const char *sql = sqlite3_sql(statement);
	if (!recording || sql == 0 || sqlite3_stmt_isexplain(statement)) return 0;
	if (strncmp(sql, "SAVEPOINT", 9) == 0 || strncmp(sql, "RELEASE", 7) == 0 || strncmp(sql, "ROLLBACK", 8) == 0) return 0; // each has its own name
	pthread_mutex_lock(&guard);
	if (recording) add(sql);
	pthread_mutex_unlock(&guard);
	return 0;
}

static int listen_to(void *db, char **problem, const void *api) {
	return sqlite3_trace_v2(db, 2, ran, 0); // SQLITE_TRACE_PROFILE: after each run
}

static int listen_everywhere(void) { return sqlite3_auto_extension((void (*)(void))listen_to); }

static void record(int on) {
	pthread_mutex_lock(&guard);
	recording = on;
	for (int i = 0; on && i < slots; i++) free(seen[i]), seen[i] = 0;
	count = on ? 0 : count;
	pthread_mutex_unlock(&guard);
}

static const char *slot(int i) { return seen[i]; }
static int full(void) { return count == slots / 2; }
*/
import "C"

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"
)

func init() {
	if code := C.listen_everywhere(); code != 0 {
		panic(fmt.Sprintf("sqlite3_auto_extension: %d", code))
	}
}

// ReadsNoWholeTable fails the test for each statement that ran on SQLite during
// do and whose plan goes through all rows of a table, or of an index, except
// those of a file of lines "part of the statement — why it may". db is any
// database of the schema, and explains the plans. Other tests of the process
// must not run beside.
func ReadsNoWholeTable(t testing.TB, db *gorm.DB, file string, do func()) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fits := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if part, _, ok := strings.Cut(line, " — "); ok && !strings.HasPrefix(line, "#") {
			fits[part] = false
		}
	}
	C.record(1)
	do()
	C.record(0)
	if C.full() != 0 {
		t.Error("more statements ran than can be looked at")
	}
	var tables []string
	if err := db.Raw("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river%'").Scan(&tables).Error; err != nil {
		t.Fatal(err)
	}
	looked := map[string]bool{"": true} // slots that hold nothing
	for i := range C.slots {
		statement := marks.ReplaceAllString(strings.Join(strings.Fields(C.GoString(C.slot(C.int(i)))), " "), "IN (?)")
		if looked[statement] {
			continue
		}
		looked[statement] = true
		whole, may := scanned(t, db, tables, statement), false
		for part := range fits {
			if len(whole) > 0 && strings.Contains(statement, part) {
				fits[part], may = true, true
			}
		}
		if len(whole) > 0 && !may {
			t.Errorf("all of %s is read by\n  %s", strings.Join(whole, " and "), statement)
		}
	}
	for part, used := range fits {
		if !used {
			t.Errorf("%s: nothing runs that says %s", file, part)
		}
	}
}

// marks are the values of an IN, of which there may be any number.
var marks = regexp.MustCompile(`IN \(\?(,\?)+\)`)

// scanned are the tables that the statement's plan goes through from end to end.
func scanned(t testing.TB, db *gorm.DB, tables []string, statement string) (whole []string) {
	t.Helper()
	var steps []struct{ Detail string }
	if err := db.Raw("EXPLAIN QUERY PLAN " + strings.ReplaceAll(statement, "?", "NULL")).Scan(&steps).Error; err != nil {
		t.Errorf("%v: %s", err, statement)
	}
	var made []string // on the way, by a name that may be a table's
	for _, s := range steps {
		step, name, _ := strings.Cut(s.Detail, " ")
		name, _, _ = strings.Cut(name, " ")
		switch step {
		case "CO-ROUTINE", "MATERIALIZE":
			made = append(made, name)
		case "SCAN":
			table := tableOf(name, tables, statement)
			if table != "" && !slices.Contains(made, name) && !slices.Contains(whole, table) {
				whole = append(whole, table)
			}
		}
	}
	return whole
}

// tableOf is the table that a plan calls by this name, its own or another that the
// statement gives it; "" for what is none, such as a query within.
func tableOf(name string, tables []string, statement string) string {
	if slices.Contains(tables, name) {
		return name
	}
	alias := regexp.MustCompile("(\\w+)[`\"]? (?:AS )?" + regexp.QuoteMeta(name) + `\b`)
	for _, m := range alias.FindAllStringSubmatch(statement, -1) {
		if slices.Contains(tables, m[1]) {
			return m[1]
		}
	}
	return ""
}
