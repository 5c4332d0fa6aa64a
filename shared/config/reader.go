package config

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Getenv is what a variable says to the workshop: its value as clean leaves it,
// and nothing if another program has set it.
func Getenv(name string) string { return newReader(os.Getenv).fromEnvironment(name) }

// clean takes off what came along unseen: spaces, the ends of lines, a byte
// order mark, and quotes that no shell has removed.
func clean(value string) string {
	unseen := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }
	value = strings.TrimFunc(value, unseen)
	if quoted := inQuotes.FindStringSubmatch(value); quoted != nil {
		value = strings.TrimFunc(cmp.Or(quoted[1:]...), unseen)
	}
	return value
}

var inQuotes = regexp.MustCompile(`^(?:"(.*)"|'(.*)'|“(.*)”)$`)

// reader collects settings and their problems, so that one run names them all.
type reader struct {
	flags  *flag.FlagSet
	getenv func(string) string
	apply  []func()
	errs   []error
	// hostIgnored tells that another program has set HOST.
	hostIgnored bool
}

func newReader(getenv func(string) string) *reader {
	r := &reader{flags: flag.NewFlagSet("", flag.ContinueOnError), getenv: getenv}
	r.flags.Usage = func() {}
	return r
}

func (r *reader) text(name, variable, fallback, usage string, set func(string) error) {
	// As the default of a flag, -h would show what the variable holds.
	value := r.flags.String(name, "", usage+". Variable: "+variable)
	r.apply = append(r.apply, func() {
		r.check(variable, set(cmp.Or(clean(*value), r.fromEnvironment(variable), fallback)))
	})
}

func (r *reader) boolean(name, variable, usage string, target *bool) {
	on, err := strconv.ParseBool(cmp.Or(r.fromEnvironment(variable), "false"))
	if err != nil {
		r.check(variable, errors.New("this is neither true nor false"))
	}
	r.flags.BoolVar(target, name, on, usage+". Variable: "+variable)
}

func (r *reader) fromEnvironment(variable string) string {
	value := clean(r.getenv(variable))
	// Conda and tcsh keep a name of the machine there.
	if variable == "HOST" && value != "" && !isAddress(value) {
		r.hostIgnored = true
		return ""
	}
	return value
}

func (r *reader) parse(args []string) error {
	err := ParseFlags(r.flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Println("Settings, as a flag or as an environment variable (the flag wins):")
		r.flags.SetOutput(os.Stdout)
		r.flags.PrintDefaults()
		return err
	case err == nil && r.flags.NArg() > 0:
		err = fmt.Errorf("word %d is not a flag, which begins with -. A value with a space in it needs quotes", len(args)-r.flags.NArg()+1)
	}
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%w (-h lists the settings)", err))
	}
	for _, apply := range r.apply {
		apply()
	}
	return nil
}

func (r *reader) check(variable string, err error) {
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", variable, err))
	}
}

// atEnd is the name of a flag where package flag's errors have it.
var atEnd = regexp.MustCompile(` (-[a-z][a-z-]*)(?:: (?:parse error|value out of range))?$`)

// ParseFlags is flags.Parse with an error that names the flag and repeats no
// value: it may be a password.
func ParseFlags(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	if found := atEnd.FindStringSubmatch(err.Error()); found != nil {
		return fmt.Errorf("the flag %s is unknown, or its value is missing or invalid", found[1])
	}
	return errors.New("a flag is unknown")
}
