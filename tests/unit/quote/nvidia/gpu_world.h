/*
 * tests/unit/quote/nvidia/gpu_world.h - an NVIDIA of the tests' own: roots, a device with its chain
 * and report, OCSP responses, and manifests as signed XML. Everything is right until a test changes
 * terms and makes it again.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_NVIDIA_GPU_WORLD_H
#define ASSAY_TESTS_UNIT_QUOTE_NVIDIA_GPU_WORLD_H

#include "tests/support/authority.h"
#include "tests/unit/quote/nvidia/gpu_case.h"

enum {
    GPU_AT = 1800000000,
    GPU_XML_MAX = 65536,
    GPU_REPORT_MAX = 8192,
    GPU_BLOCKS = 64,
    GPU_ALL = GPU_BLOCKS + 1,
};

/* Certificates, each issued by the one before but where a root begins. */
enum gpu_link {
    GPU_ROOT,
    GPU_FAMILY,
    GPU_ICA,
    GPU_DEVICE,
    GPU_LEAF, /* of the device */
    GPU_RIM_ROOT,
    GPU_RIM_CA,
    GPU_RIM_SIGNER, /* of manifests */
    GPU_RESPONDER,  /* by the ICA */
    GPU_LINKS,
};

struct gpu_manifest {
    const char *product, *version;
    uint64_t active;
    uint8_t salt; /* of its values */
    int conflict; /* an index that is active, too; -1: none */
    /* defects */
    bool edit_golden; /* after signing */
    bool wrap;        /* the signed document inside another one */
    bool two_signatures;
    bool doctype;
    bool entity; /* an external one */
    bool double_index;
    bool many_namespaces; /* declared by one element */
    const char *uri;      /* of the reference; NULL: "" */
    size_t len;
    uint8_t xml[GPU_XML_MAX];
};

struct gpu_world {
    const char *keys_dir; /* where keys are kept; NULL: fresh ones */
    struct authority_key *keys[GPU_LINKS];
    struct authority_certificate terms[GPU_LINKS];
    uint8_t ders[GPU_LINKS][AUTHORITY_DER_MAX];
    size_t der_len[GPU_LINKS];
    /* the report */
    uint8_t fwid[48], report_fwid[48], nonce[32];
    const char *driver;
    uint8_t vbios[8];
    const char *bios; /* of a switch; NULL: a GPU */
    uint8_t nvdec0, feature;
    int left_out; /* index of a block; 0: none */
    int twice;    /* index of a block that stands there twice; 0: none */
    int changed;  /* index of a block with another value; 0: none */
    size_t report_len;
    uint8_t report[GPU_REPORT_MAX];
    struct gpu_manifest manifests[2]; /* driver, firmware */
    /* the response about the device's certificate */
    enum gpu_link ocsp_about;
    enum gpu_link ocsp_signer;
    int64_t ocsp_from_s, ocsp_to_s;
    int ocsp_reason; /* -1: good */
    bool ocsp_has_nonce, ocsp_bad_signature, ocsp_no_purpose;
    bool rim_for_ocsp;                  /* the signer of manifests is made for responses */
    bool ocsp_weak;                     /* names its certificate by SHA-1 */
    struct assay_slice ocsp_parameters; /* of the hash that names it */
    size_t ocsp_len;
    uint8_t ocsp[AUTHORITY_DER_MAX];
    struct gpu_case c; /* files: certificates, manifests, response */
};

/* On the heap. */
struct gpu_world *gpu_world_open(void);
/* The vendor whose keys are in a folder, or come into it. */
struct gpu_world *gpu_world_open_in(const char *keys_dir);
/* A key of the world: kept under that name where it keeps keys. Returns: never NULL. */
struct authority_key *gpu_world_key(const struct gpu_world *w, const char *name, uint64_t number);
void gpu_world_close(struct gpu_world *w);
/* Everything anew by the terms, and the verdict. */
void gpu_world_judge(struct gpu_world *w);
/* Everything anew; w->c has the files, and is not judged. */
void gpu_world_make(struct gpu_world *w);

#endif
