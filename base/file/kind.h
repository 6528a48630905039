/*
 * base/file/kind.h - detection of file kinds by their first bytes, for error messages and for
 * outputs.
 *
 * A hint for an operator who named the wrong file, never a decision about what a document is worth:
 * decoders decide that.
 */
#ifndef ASSAY_BASE_FILE_KIND_H
#define ASSAY_BASE_FILE_KIND_H

#include "base/file/file.h"

enum { ASSAY_FILE_KIND_LEN = 64, ASSAY_FILE_KIND_TEXT = 96, ASSAY_FILE_KIND_HEAD = 64 };

struct assay_file_kind {
    char id[ASSAY_FILE_KIND_LEN];   /* of documents with a type string that string, no version */
    char text[ASSAY_FILE_KIND_TEXT]; /* "a checkpoint", "an operator key", "text" */
    bool is_secret;                 /* a key: what it opens cannot be made again */
};

/* In: head: the first bytes, ASSAY_FILE_KIND_HEAD of them or all there are. Returns: the kind, with
 * texts in it. */
struct assay_file_kind assay_file_kind_of(struct assay_slice head);
/* The kind of the file at path. Returns: false: it cannot be read */
bool assay_file_kind_at(const char *path, struct assay_file_kind *kind);

#endif
