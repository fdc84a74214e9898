package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"
)

const prefix = "HALFKEY_"

// setting is one leaf of Config, found by its tags.
type setting struct {
	Key, Help string
	Default   any
	Secret    bool
}

func (s setting) env() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(s.Key, ".", "_"))
}

func (s setting) flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.Key) }

// settings lists every leaf of Config in its order.
func settings() []setting {
	var all []setting
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			key := path + f.Tag.Get("koanf")
			if f.Type.Kind() == reflect.Struct {
				walk(key+".", v.Field(i))
				continue
			}
			all = append(all, setting{key, f.Tag.Get("help"), v.Field(i).Interface(), f.Tag.Get("secret") != ""})
		}
	}
	walk("", reflect.ValueOf(defaults()))
	return all
}

func named(name func(setting) string, wanted string) (setting, bool) {
	all := settings()
	i := slices.IndexFunc(all, func(s setting) bool { return name(s) == wanted })
	if i < 0 {
		return setting{}, false
	}
	return all[i], true
}

// flags offers every setting on the command line, beside --config for the file.
func flags(f *pflag.FlagSet) {
	f.String("config", "", "YAML file with settings (also "+prefix+"CONFIG)")
	for _, s := range settings() {
		switch d := s.Default.(type) {
		case string:
			f.String(s.flag(), d, s.Help)
		case int:
			f.Int(s.flag(), d, s.Help)
		case bool:
			f.Bool(s.flag(), d, s.Help)
		case []string:
			f.StringSlice(s.flag(), d, s.Help)
		}
	}
}

// load reads defaults, then the file, then the environment, then the flags; the
// last word counts. A name that no setting has is an error, for it is a typing error.
func load(f *pflag.FlagSet, environ []string) (Config, error) {
	k := koanf.New(".")
	if err := k.Load(structs.Provider(defaults(), "koanf"), nil); err != nil {
		return Config{}, err
	}
	path, _ := f.GetString("config")
	for _, e := range environ {
		if v, ok := strings.CutPrefix(e, prefix+"CONFIG="); ok && path == "" {
			path = v
		}
	}
	if path != "" {
		if err := loadFile(k, path); err != nil {
			return Config{}, err
		}
	}
	if err := loadEnvironment(k, environ); err != nil {
		return Config{}, err
	}
	given := posflag.ProviderWithFlag(f, ".", nil, func(g *pflag.Flag) (string, any) {
		s, _ := named(setting.flag, g.Name)
		return s.Key, posflag.FlagVal(f, g)
	})
	if err := k.Load(given, nil); err != nil {
		return Config{}, err
	}
	var c Config
	if err := k.Unmarshal("", &c); err != nil {
		return Config{}, fmt.Errorf("settings: %w", err)
	}
	return c, c.check()
}

func loadFile(k *koanf.Koanf, path string) error {
	own := koanf.New(".")
	if err := own.Load(file.Provider(path), yaml.Parser()); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no configuration file %s", path)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range own.Keys() {
		if _, ok := named(func(s setting) string { return s.Key }, key); !ok {
			return fmt.Errorf("%s: there is no setting %q", path, key)
		}
	}
	return k.Merge(own)
}

// loadEnvironment takes HALFKEY_NAME, and for secrets HALFKEY_NAME_FILE, the name of
// a file that holds the value. HALFKEY_TEST_… belongs to the tests,
// HALFKEY_TOKEN to the verbs that call a server.
func loadEnvironment(k *koanf.Koanf, environ []string) error {
	var wrong []error
	source := env.Provider(".", env.Opt{
		Prefix:      prefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			if name == prefix+"CONFIG" || name == prefix+"TOKEN" || strings.HasPrefix(name, prefix+"TEST_") {
				return "", nil
			}
			if s, ok := named(setting.env, name); ok {
				if _, list := s.Default.([]string); list {
					return s.Key, strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
				}
				return s.Key, value
			}
			if s, ok := named(setting.env, strings.TrimSuffix(name, "_FILE")); ok && s.Secret {
				text, err := os.ReadFile(value)
				if err != nil {
					wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
				}
				return s.Key, strings.TrimSpace(string(text))
			}
			wrong = append(wrong, fmt.Errorf("%s: there is no such setting", name))
			return "", nil
		},
	})
	if err := k.Load(source, nil); err != nil {
		return err
	}
	return errors.Join(wrong...)
}
