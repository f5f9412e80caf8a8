package chat

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed64708441/ember/tensor/tensortest"
)

// TestMediaMark asks every recorded template for its marks.
func TestMediaMark(t *testing.T) {
	want := map[string]map[string]string{
		"gemma-3.jinja":                        {"image": "<start_of_image>"},
		"mistralrs-gemma3n.jinja":              {"image": "<image_soft_token>", "audio": "<audio_soft_token>"},
		"Qwen3.5-4B.jinja":                     {"image": "<|vision_start|><|image_pad|><|vision_end|>", "video": "<|vision_start|><|video_pad|><|vision_end|>"},
		"google-gemma-4-31B-it.jinja":          {"image": "<|image|>", "audio": "<|audio|>", "video": "<|video|>"},
		"mistral-common-v13_image_think.jinja": {"image": "[IMG]"},
		"mistral-common-v7_audio.jinja":        {"input_audio": "[AUDIO]"},
		"mistralrs-idefics3.jinja":             {"image": "<image>"},
	}
	for _, path := range tensortest.Glob(t, "chat", "templates", "*.jinja") {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tmpl, name := mustParse(t, string(source)), filepath.Base(path)
		for _, kind := range []string{"image", "audio", "video", "input_audio"} {
			got, err := tmpl.MediaMark(context.Background(), kind)
			if err == nil {
				t.Logf("%s: %s is %.80s", name, kind, got)
				if strings.ContainsAny(got, `'"{}`) {
					t.Errorf("%s: %s is no mark", name, got)
				}
			}
			if w, ok := want[name][kind]; ok && got != w {
				t.Errorf("%s: got %q for %s, error %v, want %q", name, got, kind, err, w)
			}
		}
	}
}

func TestMediaMarkErrors(t *testing.T) {
	const loop = `{% for p in messages[0].content %}`
	for _, c := range []struct{ source, want string }{
		{loop + `{{ p.text if p.text else '<' + p.type + '>' }}{% endfor %}`, "<image>"},
		{`<s>` + loop + `{{ '<image>' if p.type == 'image' }}{% endfor %}` + loop + `{{ p.text }}{% endfor %}`, "<image>"},
		{loop + `{{ '\n<image><s>' if p.type == 'image' else p.text }}{% endfor %}`, "<image><s>"},
		{loop + `{{ p.text }}{% endfor %}`, ""},
		{loop + `{{ '<image_' ~ loop.index ~ '>' if p.type == 'image' else p.text }}{% endfor %}`, ""},
		{loop + `{% if p.type == 'image' %}{{ raise_exception('no') }}{% endif %}{% endfor %}`, ""},
		{`{{ messages[0].content }}`, ""},
		{`{{ messages[0].content|tojson }}`, ""},
		{loop + `{{ '<image>' if p.type == 'image' else p.text }}{{ '/' if not loop.last }}{% endfor %}`, "<image>/"},
	} {
		got, err := mustParse(t, c.source).MediaMark(context.Background(), "image")
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, error %v, want %q", c.source, got, err, c.want)
		}
	}
	_, err := mustParse(t, loop+`{{ p.text }}{% endfor %}`).MediaMark(context.Background(), "image")
	if !errors.Is(err, ErrNoMedia) {
		t.Errorf("got error %v, want ErrNoMedia", err)
	}
	in := Input{Messages: []Message{UserParts(TextPart("image"), ImagePart(), ImagePart(), AudioPart()), User("x")}}
	if n := in.MediaParts("image"); n != 2 {
		t.Errorf("got %d parts, want 2", n)
	}
}
