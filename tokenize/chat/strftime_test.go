package chat

import (
	"testing"
	"time"
)

// TestStrftime compares with Python 3.11 on glibc.
func TestStrftime(t *testing.T) {
	const format = "%Y-%m-%d %H:%M:%S|%d %b %B %h|%a %A|%j %y %C|%I %l %k %p %P|%-d %e %_d %-m %-H %-j %_m %0e|" +
		"%% %w %u|%U %W %V %G %g|%f|%c|%x %X %D %F %T %R %r|%^a %^B|[%z%Z]%n%t|"
	for _, c := range []struct {
		t    time.Time
		want string
	}{
		{time.Date(2025, 7, 10, 12, 0, 0, 0, time.UTC), "2025-07-10 12:00:00|10 Jul July Jul|Thu Thursday|191 25 20|" +
			"12 12 12 PM pm|10 10 10 7 12 191  7 10|% 4 4|27 27 28 2025 25|000000|Thu Jul 10 12:00:00 2025|" +
			"07/10/25 12:00:00 07/10/25 2025-07-10 12:00:00 12:00 12:00:00 PM|THU JULY|[]\n\t|"},
		{time.Date(2024, 12, 30, 0, 5, 9, 42000, time.UTC), "2024-12-30 00:05:09|30 Dec December Dec|Mon Monday|365 24 20|" +
			"12 12  0 AM am|30 30 30 12 0 365 12 30|% 1 1|52 53 01 2025 25|000042|Mon Dec 30 00:05:09 2024|" +
			"12/30/24 00:05:09 12/30/24 2024-12-30 00:05:09 00:05 12:05:09 AM|MON DECEMBER|[]\n\t|"},
		{time.Date(2023, 1, 1, 23, 59, 59, 999999999, time.UTC), "2023-01-01 23:59:59|01 Jan January Jan|Sun Sunday|001 23 20|" +
			"11 11 23 PM pm|1  1  1 1 23 1  1 01|% 0 7|01 00 52 2022 22|999999|Sun Jan  1 23:59:59 2023|" +
			"01/01/23 23:59:59 01/01/23 2023-01-01 23:59:59 23:59 11:59:59 PM|SUN JANUARY|[]\n\t|"},
		{time.Date(2021, 1, 3, 11, 1, 1, 0, time.UTC), "2021-01-03 11:01:01|03 Jan January Jan|Sun Sunday|003 21 20|" +
			"11 11 11 AM am|3  3  3 1 11 3  1 03|% 0 7|01 00 53 2020 20|000000|Sun Jan  3 11:01:01 2021|" +
			"01/03/21 11:01:01 01/03/21 2021-01-03 11:01:01 11:01 11:01:01 AM|SUN JANUARY|[]\n\t|"},
	} {
		got, err := strftime(c.t, format)
		if err != nil || got != c.want {
			t.Errorf("%v\n got %q, error %v\nwant %q", c.t, got, err, c.want)
		}
	}
	for _, bad := range []string{"%Q", "%", "%-", "%E", string(make([]byte, maxTime))} {
		if got, err := strftime(time.Now(), bad); err == nil {
			t.Errorf("%.10q: got %.20q, want an error", bad, got)
		}
	}
}
