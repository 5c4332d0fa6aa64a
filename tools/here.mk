# Makefile of the folders of steps and of learners. It passes each target on to
# the Makefile in the folder above.
.DEFAULT_GOAL := help

# These are settings, not targets: ＨＩＮＴ＝２.
wide := $(foreach word,$(MAKECMDGOALS),$(if $(findstring ＝,$(word)),$(word)))

Makefile ../tools/here.mk $(subst :,\:,$(wide)): ;

%:
	@trap : INT; $(MAKE) --no-print-directory -C .. $@ $(wide) || test -t 1
