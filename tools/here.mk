# For the folders of the steps, and of learners: make does there what it does
# in the folder above.
.DEFAULT_GOAL := help

Makefile ../tools/here.mk: ;

%:
	@trap : INT; $(MAKE) --no-print-directory -C .. $@ || test -t 1
