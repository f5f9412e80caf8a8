package benchmarks

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The flags come after the package: go test -bench . ./benchmarks -full
var (
	fullFlag    = flag.Bool("full", false, "measure every shape, type and depth also with -bench .")
	levelFlag   = flag.String("level", "", "instruction `level`, such as avx2; the best of the machine by default")
	modelsFlag  = flag.String("models", filepath.Join(os.TempDir(), "ember-benchmarks"), "`folder` of the model files")
	keepFlag    = flag.Bool("keep", false, "keep model files of more than 1 GiB too")
	cleanFlag   = flag.Bool("clean", false, "remove the folder of the model files, and measure nothing")
	roundsFlag  = flag.Int("rounds", 3, "`times` that each engine has its turn in BenchmarkPeers")
	childFlag   = flag.String("child", "", "for BenchmarkFirstToken, which starts this program again: the model `file`")
	threadsFlag = flag.Int("child-threads", 1, "for -child: the number of `threads`")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if *cleanFlag {
		if err := os.RemoveAll(*modelsFlag); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// selective says that some benchmarks were chosen by a pattern, or all of them by -full. With -bench . alone those that
// take long and tell little more are left out.
func selective() bool {
	pattern := flag.Lookup("test.bench").Value.String()
	return *fullFlag || pattern != "." && pattern != ""
}

var started = time.Now()

// run is b.Run for what measures. When the time that go test allows is nearly over, it is skipped, since what takes
// longer than that loses all results.
func run(b *testing.B, name string, f func(b *testing.B)) {
	b.Run(name, func(b *testing.B) {
		if left, ok := timeLeft(); ok && left < 45*time.Second {
			// A skipped benchmark says nothing without -v.
			fmt.Fprintf(os.Stderr, "%s: skipped, %v of -timeout are left\n", b.Name(), left.Round(time.Second))
			b.SkipNow()
		}
		f(b)
	})
}

// timeLeft returns the time until go test ends the program, if it will.
func timeLeft() (time.Duration, bool) {
	limit, ok := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration)
	return limit - time.Since(started), ok && limit > 0
}
