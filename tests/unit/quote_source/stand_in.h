/*
 * tests/unit/quote_source/stand_in.h - a platform of the tests' own behind quote/source/calls.h.
 *
 * It behaves as the kernel's documents say: configfs-tsm under /tsm (attributes appear with a
 * folder, every write moves the generation, evidence is made from what was written last), Gramine's
 * pseudo-files under /attestation, a Nitro Secure Module at /nsm. Any call can be made to fail, and
 * reads and writes can be made short.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_SOURCE_STAND_IN_H
#define ASSAY_TESTS_UNIT_QUOTE_SOURCE_STAND_IN_H

#include "quote/source/source.h"

#include <stdatomic.h>

enum { STAND_IN_FOLDERS = 8, STAND_IN_FILES = 16, STAND_IN_BLOB = 40000 };

struct stand_in_folder {
    bool is_there;
    char name[ASSAY_CALLS_NAME_MAX];
    int locked_by; /* a descriptor, 0 for nobody */
    uint64_t generation;
    uint8_t inblob[64];
    size_t inblob_len;
    char privlevel[65], service_provider[65], service_guid[65], service_version[65];
};

struct stand_in_file {
    bool is_open;
    char path[160];
    size_t pos;
    uint8_t written[256];
    size_t written_len;
    bool is_writing;
};

struct stand_in {
    struct assay_source_calls calls;
    struct stand_in_folder folders[STAND_IN_FOLDERS];
    struct stand_in_file files[STAND_IN_FILES];
    /* what the platform is */
    const char *provider; /* NULL: there is no configfs-tsm */
    const char *privlevel_floor;
    bool has_services;
    const char *attestation_type; /* NULL: no Gramine */
    bool has_nsm;
    bool nsm_is_file; /* instead of a device */
    /* what it makes: prefix, then report_data, then filler up to evidence_len */
    uint8_t prefix[16];
    size_t prefix_len;
    size_t evidence_len;
    int evidence_error;            /* errno of reading evidence, 0: none */
    /* Tests change and read these while another thread asks. */
    atomic_bool evidence_waits;                /* none is made until a test lets it go */
    atomic_uint evidence_begun, evidence_made; /* times that it was asked for, and was made */
    uint8_t auxiliary[STAND_IN_BLOB];
    size_t auxiliary_len;
    bool has_auxiliary;
    int interfere; /* so many times somebody else writes, after evidence was made */
    int stolen;    /* so many new folders are removed before they are locked */
    /* the module: its answer; 0 bytes: a document around the nonce */
    uint8_t nsm_answer[ASSAY_SOURCE_AUXILIARY_LEN_MAX / 8];
    size_t nsm_answer_len;
    uint64_t nsm_claims_len; /* when not 0: the length that it says */
    uint8_t nsm_request[4096];
    size_t nsm_request_len;
    uint8_t gramine_report_data[256];
    size_t gramine_len;
    /* faults */
    size_t most;    /* bytes of one read or write; 0: no bound */
    long call;      /* calls so far */
    long fail_call; /* this one fails, and the next fail_count - 1; 0: none */
    long fail_count;
    int fail_error;
    bool was_failed;
};

/* An SNP guest with Gramine and an NSM besides. Returns: on the heap, free with free(). */
struct stand_in *stand_in_make(void);
/* Returns: request folders that are there. */
size_t stand_in_folders(const struct stand_in *s);
/* Returns: descriptors that are open. */
size_t stand_in_open_files(const struct stand_in *s);
/* A request whose report_data is filled with a byte. */
struct assay_source_request stand_in_request(uint8_t fill);

#endif
