// Command generate streams text from a model file to standard output. What a model thinks before it answers, usage and speed
// go to standard error.
//
//	go run ./examples/generate -model FILE -prompt TEXT [-max N] [-temperature T] [-seed N] [-threads N] [-raw]
//
// With -raw the prompt is completed as it is; otherwise it is a user's message, written with the chat template of the
// file. Without -model it answers look-ups with a tiny model that is built in memory.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/seed64708441/ember/model"
	"github.com/seed64708441/ember/tokenize/chat"
)

// options are the flags.
type options struct {
	file, prompt string
	max, threads int
	temperature  float64
	seed         uint64
	raw          bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "generate:", explain(err))
		}
		stop()
		os.Exit(1)
	}
}

// run is main with its world passed in.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	var o options
	fl := flag.NewFlagSet("generate", flag.ContinueOnError)
	fl.SetOutput(io.Discard) // main prints the error
	fl.StringVar(&o.file, "model", "", "GGUF `file`; without it a tiny built-in model answers look-ups")
	fl.StringVar(&o.prompt, "prompt", "", "`text` to answer, or with -raw to complete")
	fl.IntVar(&o.max, "max", 256, "most `tokens` to generate; 0 is until the model ends")
	fl.Float64Var(&o.temperature, "temperature", 0, "0 chooses the most probable token")
	fl.Uint64Var(&o.seed, "seed", 1, "of the random choices when temperature is not 0")
	fl.IntVar(&o.threads, "threads", 0, "0 is one for each processor")
	fl.BoolVar(&o.raw, "raw", false, "complete the prompt as it is, without the chat template")
	if err := fl.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fl.SetOutput(log)
			fl.Usage()
		}
		return err
	}
	if fl.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: the text goes after -prompt", fl.Arg(0))
	}
	if o.file == "" {
		return lookUp(ctx, o, out, log)
	}
	m, err := model.Open(ctx, o.file, model.Config{Threads: o.threads, Progress: progress(log)})
	if err != nil {
		return err
	}
	err = generate(ctx, m, o, out, log)
	return errors.Join(err, m.Close())
}

// generate answers one prompt.
func generate(ctx context.Context, m *model.Model, o options, out, log io.Writer) error {
	s, err := m.NewSession(model.SessionConfig{})
	if err != nil {
		return err
	}
	defer s.Close()
	r := model.Request{MaxTokens: o.max, Temperature: &o.temperature, Seed: o.seed}
	if o.raw {
		r.Prompt = o.prompt
	} else {
		r.Messages = []chat.Message{chat.User(o.prompt)}
	}
	for ev, err := range s.Generate(ctx, r) {
		if err != nil {
			return err
		}
		if ev.Kind == model.EventReasoning {
			fmt.Fprint(log, ev.Text)
		} else {
			fmt.Fprint(out, ev.Text)
		}
		if ev.Finish != model.FinishNone {
			fmt.Fprintln(out)
			report(log, ev)
		}
	}
	return nil
}

// report prints what an answer took.
func report(log io.Writer, ev model.Event) {
	u := ev.Usage
	fmt.Fprintf(log, "%d prompt tokens", u.Reused+u.Prefilled)
	if t := u.PrefillTime.Seconds(); t > 0 {
		fmt.Fprintf(log, " (%.1f tok/s)", float64(u.Prefilled)/t)
	}
	fmt.Fprintf(log, ", %d generated", u.Generated)
	if t := u.DecodeTime.Seconds(); t > 0 && u.Generated > 1 {
		fmt.Fprintf(log, " (%.1f tok/s)", float64(u.Generated-1)/t)
	}
	fmt.Fprintf(log, ", ended by %v\n", ev.Finish)
}

// progress returns a function that keeps a line of percents up to date while weights are loaded; nil where nobody watches.
func progress(log io.Writer) func(done, total int64) {
	if f, ok := log.(*os.File); !ok || !terminal(f) {
		return nil
	}
	last := int64(-1)
	return func(done, total int64) {
		if p := 100 * done / max(total, 1); p != last {
			last = p
			fmt.Fprintf(log, "\rloading %3d%%", p)
		}
		if done == total {
			fmt.Fprintf(log, "\r%12s\r", "")
		}
	}
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
