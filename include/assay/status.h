/*
 * include/assay/status.h - common declarations of the libraries: version of the headers, results of
 * functions, standings.
 *
 * Included by the other headers of this folder.
 */
#ifndef ASSAY_STATUS_H
#define ASSAY_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASSAY_VERSION_MAJOR 0
#define ASSAY_VERSION_MINOR 1
#define ASSAY_VERSION_PATCH 0
/* One number for comparisons: 10203 is 1.2.3. */
#define ASSAY_VERSION_OF(major, minor, patch) ((major)*10000 + (minor)*100 + (patch))
#define ASSAY_VERSION_NUMBER                                                                       \
    ASSAY_VERSION_OF(ASSAY_VERSION_MAJOR, ASSAY_VERSION_MINOR, ASSAY_VERSION_PATCH)
/* For #if: is the header at least of this version? */
#define ASSAY_VERSION_AT_LEAST(major, minor, patch)                                                \
    (ASSAY_VERSION_NUMBER >= ASSAY_VERSION_OF(major, minor, patch))

#if defined(__GNUC__)
#define ASSAY_API __attribute__((visibility("default")))
#else
#define ASSAY_API
#endif

/* INTERNAL: guards so marked let the library compile against its own headers, which define the same
 * enums. The header as installed has none of them. */
#ifndef ASSAY_CHECKED /* INTERNAL */
#if defined(__GNUC__)
#define ASSAY_CHECKED __attribute__((warn_unused_result))
#else
#define ASSAY_CHECKED
#endif
#endif /* INTERNAL */

/* Results of functions. The libraries return no others; no number is used again. */
#ifndef ASSAY_BASE_STATUS_H /* INTERNAL */
enum assay_status {
    ASSAY_OK = 0,
    ASSAY_E_TRUNCATED = 101,   /* input ends inside a field */
    ASSAY_E_TRAILING = 102,    /* bytes follow the last field */
    ASSAY_E_RANGE = 103,       /* a number or length is outside its range */
    ASSAY_E_UNSUPPORTED = 104, /* a version or type is not known */
    ASSAY_E_ENCODING = 105,    /* the encoding is not the canonical one */
    ASSAY_E_TYPE = 106,        /* a field has another type than its place requires */
    ASSAY_E_DUPLICATE = 107,   /* the same thing came twice */
    ASSAY_E_KEY = 109,         /* a public key is not a point of its curve */
    ASSAY_E_INVALID = 115,     /* misuse (NULL), or a rule forbids it */
    ASSAY_E_SYNTAX = 116,      /* the text does not follow its grammar */
    ASSAY_E_NOT_FOUND = 117,   /* there is nothing of the kind */
    ASSAY_E_FULL = 201,        /* a fixed capacity is used up */
    ASSAY_E_CRYPTO = 303,      /* the cryptographic library failed */
    ASSAY_E_MEMORY = 304,      /* no memory */
    ASSAY_E_VERSION = 305      /* a policy was written for another version */
};
#endif /* INTERNAL */

/* What a network concludes of a member (docs/proofs.md). */
#ifndef ASSAY_SCORING_TRUST_H /* INTERNAL */
enum assay_standing {
    ASSAY_STANDING_FULL = 0,
    ASSAY_STANDING_WARNING = 1,
    ASSAY_STANDING_RESTRICTED = 2,
    ASSAY_STANDING_SUSPENDED = 3
};
#endif /* INTERNAL */

/* Each Returns: a static text, never NULL; "ASSAY_E_UNKNOWN" and "unknown status" for numbers
 * outside the list. libassay-policy has those of libassay, the other libraries their own. */
ASSAY_API const char *assay_name_of_status(enum assay_status status);  /* "ASSAY_E_RANGE" */
ASSAY_API const char *assay_describe_status(enum assay_status status); /* a sentence */

#ifdef __cplusplus
}
#endif
#endif
