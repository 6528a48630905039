/*
 * tests/fuzz/apps/fuzz_anchor.c - any bytes as anchor.yaml.
 *
 * Properties: a rejection has a message without control characters; an accepted file is within its
 * limits, its nodes can be queried, and it decodes to the same again.
 */
#include "apps/config/anchor.h"
#include "base/assert.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns: the path of a file in memory with these bytes. */
static const char *file_with(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) fd = memfd_create("anchor", MFD_CLOEXEC);
    ASSAY_ASSERT(fd >= 0);
    ASSAY_ASSERT(ftruncate(fd, 0) == 0);
    ASSAY_ASSERT(pwrite(fd, data, size, 0) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static void check_message(const char *message)
{
    const size_t len = strnlen(message, ASSAY_ANCHOR_FAULT_MAX);
    ASSAY_ASSERT(len > strlen("/proc/self/fd/3:") && len < ASSAY_ANCHOR_FAULT_MAX);
    for (size_t i = 0; i < len; i++)
        ASSAY_ASSERT((unsigned char)message[i] >= ' ' && message[i] != 0x7f);
}

static void check_settings(const struct assay_anchor_settings *s)
{
    static struct assay_evm_https https;
    struct assay_evm_link link;
    const struct assay_evm_config sender = assay_config_anchor_sender(s);
    ASSAY_ASSERT(s->sender.chain_id <= INT64_MAX);
    ASSAY_ASSERT(s->sender.gas_limit >= 21000 && s->sender.gas_limit <= 30000000);
    ASSAY_ASSERT(s->sender.confirmations >= 1 &&
                 s->sender.confirmations <= ASSAY_EVM_CONFIRMATIONS_MAX);
    ASSAY_ASSERT(s->margin_s >= 30 && s->margin_s <= UINT64_C(2592000));
    ASSAY_ASSERT(s->batch >= 1 && s->batch <= 1000000);
    ASSAY_ASSERT(s->has_tip || sender.tip_wei <= sender.fee_limit_wei);
    if (s->rpc[0] == '\0') return;
    ASSAY_ASSERT(assay_eth_https_link(&https, s->rpc, NULL, 0, &link) == ASSAY_OK);
    ASSAY_ASSERT(https.nodes.count >= 1 && https.nodes.count <= ASSAY_EVM_NODES_MAX);
    for (uint32_t i = 0; i < https.nodes.count; i++)
        ASSAY_ASSERT(strncmp(https.node[i].url, "http", 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_anchor_settings settings[2];
    char message[ASSAY_ANCHOR_FAULT_MAX] = "";
    const char *const path = file_with(data, size);
    for (unsigned i = 0; i < 2; i++) {
        assay_bytes_zero(&settings[i], sizeof settings[i]);
        assay_config_anchor_settings_init(&settings[i]);
        if (assay_config_anchor_settings_read(&settings[i], path, message) != ASSAY_OK) {
            check_message(message);
            return 0;
        }
        check_settings(&settings[i]);
    }
    ASSAY_ASSERT(strcmp(settings[0].rpc, settings[1].rpc) == 0);
    ASSAY_ASSERT(settings[0].price_wei == settings[1].price_wei);
    return 0;
}
