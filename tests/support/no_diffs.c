/* tests/support/no_diffs.c - the empty library that is loaded in place of libgit2. */
extern const int assay_no_diffs;
const int assay_no_diffs = 1;
