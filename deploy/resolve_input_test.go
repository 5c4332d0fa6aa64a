package deploy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (r *resolver) readParameters(choice map[string]string) {
	for name := range choice {
		if _, declared := r.section("Parameters")[name]; !declared {
			fail("there is no parameter %s", name)
		}
	}
	for name, declaration := range r.section("Parameters") {
		d := declaration.(map[string]any)
		text, chosen := choice[name]
		if !chosen {
			fallback, has := d["Default"]
			if !has {
				fail("the parameter %s has no default and no value", name)
			}
			text = fallback.(string)
		}
		r.stack.parameters[name] = checked(name, text, d)
	}
}

// checked returns the value of a parameter, and fails if its declaration
// refuses it. Each value of a list is trimmed, and must match the pattern
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html).
func checked(name, text string, declaration map[string]any) any {
	least, most := bound(declaration, "MinLength", 0), bound(declaration, "MaxLength", len(text))
	if len(text) < least || len(text) > most {
		fail("%s: %q is not %d to %d characters long", name, text, least, most)
	}
	if allowed, has := declaration["AllowedValues"]; has && !slices.Contains(allowed.([]any), any(text)) {
		fail("%s: %q is not an allowed value", name, text)
	}
	if declaration["Type"] != "CommaDelimitedList" {
		mustMatch(name, text, declaration)
		return text
	}
	list := []any{}
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		mustMatch(name, item, declaration)
		list = append(list, item)
	}
	return list
}

func mustMatch(name, text string, declaration map[string]any) {
	pattern, has := declaration["AllowedPattern"]
	if has && !regexp.MustCompile("^(?:"+pattern.(string)+")$").MatchString(text) {
		fail("%s: %q does not match its pattern", name, text)
	}
}

func bound(declaration map[string]any, name string, otherwise int) int {
	if number, err := strconv.Atoi(fmt.Sprint(declaration[name])); err == nil {
		return number
	}
	return otherwise
}

func (r *resolver) readRules() {
	for _, body := range r.section("Rules") {
		rule := body.(map[string]any)
		if condition, has := rule["RuleCondition"]; has && !r.truth(condition) {
			continue
		}
		for _, item := range rule["Assertions"].([]any) {
			assertion := item.(map[string]any)
			onlyRuleFunctions(rule["RuleCondition"])
			onlyRuleFunctions(assertion["Assert"])
			if !r.truth(assertion["Assert"]) {
				r.stack.refused = append(r.stack.refused, assertion["AssertDescription"].(string))
			}
		}
	}
}

// onlyRuleFunctions finds functions that do not work in Rules
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html).
func onlyRuleFunctions(expression any) {
	switch e := expression.(type) {
	case []any:
		for _, item := range e {
			onlyRuleFunctions(item)
		}
	case map[string]any:
		for name, argument := range e {
			if !slices.Contains([]string{"Ref", "Fn::And", "Fn::Contains", "Fn::Equals", "Fn::Not", "Fn::Or"}, name) {
				fail("%s does not work in Rules", name)
			}
			onlyRuleFunctions(argument)
		}
	}
}
