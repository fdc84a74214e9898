package dbtest

// SQLite counts for each statement how many rows it stepped over because no
// index led to them. A hook on every connection of a test's process tells of
// those that did. https://www.sqlite.org/c3ref/c_stmtstatus_counter.html

/*
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

extern int sqlite3_auto_extension(void (*)(void));
extern int sqlite3_trace_v2(void *, unsigned, int (*)(unsigned, void *, void *, void *), void *);
extern int sqlite3_stmt_status(void *, int, int);
extern const char *sqlite3_sql(void *);

#define MOST 4096

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static char *seen[MOST];
static int count, recording;

static int ran(unsigned event, void *context, void *statement, void *took) {
	const char *sql = sqlite3_sql(statement);
	if (sqlite3_stmt_status(statement, 1, 1) == 0 || sql == 0) return 0; // SQLITE_STMTSTATUS_FULLSCAN_STEP
	pthread_mutex_lock(&guard);
	int known = !recording || count == MOST;
	for (int i = 0; i < count && !known; i++) known = strcmp(seen[i], sql) == 0;
	if (!known) seen[count++] = strdup(sql);
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
	while (on && count > 0) free(seen[--count]);
	pthread_mutex_unlock(&guard);
}

static int how_many(void) { return count; }
static const char *one(int i) { return seen[i]; }
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
// do and went through all rows of a table, or of an index, except those of a
// file of lines "part of the statement — why it may". db is any database of the
// schema; it tells which table was meant. Other tests of the process must not
// run beside.
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
	tables := []string{}
	if err := db.Raw("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'river%'").Scan(&tables).Error; err != nil {
		t.Fatal(err)
	}
	for i := range int(C.how_many()) {
		statement := strings.Join(strings.Fields(C.GoString(C.one(C.int(i)))), " ")
		whole := scanned(db, tables, statement)
		if len(whole) == 0 {
			continue
		}
		may := false
		for part := range fits {
			if strings.Contains(statement, part) {
				fits[part], may = true, true
			}
		}
		if !may {
			t.Errorf("all of %s is read by\n  %s", strings.Join(whole, " and "), statement)
		}
	}
	for part, used := range fits {
		if !used {
			t.Errorf("%s: nothing runs that says %s", file, part)
		}
	}
}

var scan = regexp.MustCompile(`^SCAN (\w+)`)

// scanned are the tables that the statement's plan goes through from end to end.
func scanned(db *gorm.DB, tables []string, statement string) (whole []string) {
	var steps []struct{ Detail string }
	db.Raw("EXPLAIN QUERY PLAN " + strings.ReplaceAll(statement, "?", "NULL")).Scan(&steps)
	for _, s := range steps {
		m := scan.FindStringSubmatch(s.Detail)
		if m == nil {
			continue
		}
		name := m[1]
		if alias := regexp.MustCompile("(\\w+)[`\"]? (?:AS )?"+name+`\b`).FindAllStringSubmatch(statement, -1); !slices.Contains(tables, name) {
			for _, a := range alias {
				if slices.Contains(tables, a[1]) {
					name = a[1]
				}
			}
		}
		if slices.Contains(tables, name) && !slices.Contains(whole, name) {
			whole = append(whole, name)
		}
	}
	return whole
}
