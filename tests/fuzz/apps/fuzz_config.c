/*
 * tests/fuzz/apps/fuzz_config.c - any bytes as configuration, node card and plan.
 *
 * Properties: what is refused has a message fit for a terminal, what is taken is within its bounds,
 * and joined with another layer (apps/config/layers.h) it means the same.
 */
#include "apps/config.h"
#include "base/assert.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Returns: the path of a file in memory with these bytes. */
static const char *file_with(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) fd = memfd_create("config", MFD_CLOEXEC);
    ASSAY_ASSERT(fd >= 0);
    ASSAY_ASSERT(ftruncate(fd, 0) == 0);
    ASSAY_ASSERT(pwrite(fd, data, size, 0) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static void check_message(enum assay_status status, const char *message)
{
    if (status == ASSAY_OK) return;
    const size_t len = strlen(message);
    ASSAY_ASSERT(len > strlen("/proc/self/fd/3:"));
    ASSAY_ASSERT(len < ASSAY_CONFIG_MESSAGE_MAX);
    for (size_t i = 0; i < len; i++)
        ASSAY_ASSERT((unsigned char)message[i] >= ' ' && message[i] != 0x7f);
}

static void check_config(const char *path)
{
    static struct assay_config config;
    char message[ASSAY_CONFIG_MESSAGE_MAX];
    const enum assay_status status = assay_config_load(path, &config, message);
    check_message(status, message);
    if (status != ASSAY_OK) return;
    ASSAY_ASSERT(config.verify_threads >= 1 && config.verify_threads <= 16);
    ASSAY_ASSERT(config.key_tables_mib <= 64);
    ASSAY_ASSERT(config.peer_count <= ASSAY_MEMBERS_MAX);
    ASSAY_ASSERT(strchr(config.gossip, ':') != NULL && strlen(config.admin) <= 107);
}

/* Read through entries and a text that is put together of them. */
static void check_joined(const char *path)
{
    static struct assay_config alone, joined;
    static const char *const sets[] = { "log.format=auto" };
    char message[ASSAY_CONFIG_MESSAGE_MAX];
    const struct assay_config_sources sources = { .path = path, .sets = sets, .set_count = 1 };
    const bool fits = assay_config_load(path, &alone, message) == ASSAY_OK;
    const enum assay_status status = assay_config_load_layers(&sources, &joined, message);
    if (status != ASSAY_OK) {
        const size_t len = strlen(message);
        ASSAY_ASSERT(len > 0 && len < ASSAY_CONFIG_MESSAGE_MAX);
        for (size_t i = 0; i < len; i++)
            ASSAY_ASSERT((unsigned char)message[i] >= ' ' && message[i] != 0x7f);
    }
    if (!fits) return; /* perhaps by its log.format alone */
    ASSAY_ASSERT(status == ASSAY_OK);
    alone.log_format = joined.log_format;
    ASSAY_ASSERT(assay_bytes_equal(&alone, &joined, sizeof alone));
}

static void check_name(const char *name)
{
    ASSAY_ASSERT(assay_name_is_fit(assay_slice_over(name, strlen(name))));
}

static void check_card(const char *path)
{
    struct assay_node_card card;
    char message[ASSAY_CONFIG_MESSAGE_MAX];
    const enum assay_status status = assay_node_card_load(path, &card, message);
    check_message(status, message);
    if (status == ASSAY_OK) check_name(card.name);
}

static void check_plan(const char *path)
{
    static struct assay_plan plan;
    char message[ASSAY_CONFIG_MESSAGE_MAX];
    const enum assay_status status = assay_plan_load(path, &plan, message);
    check_message(status, message);
    if (status != ASSAY_OK) return;
    ASSAY_ASSERT(plan.threshold >= 1 && plan.threshold <= plan.operator_count);
    ASSAY_ASSERT(plan.member_count >= 1 && plan.member_count <= ASSAY_MEMBERS_MAX);
    ASSAY_ASSERT(plan.parameters.epoch_ms >= ASSAY_EPOCH_MS_MIN);
    ASSAY_ASSERT(plan.parameters.operator_cap_num <= plan.parameters.operator_cap_den);
    for (uint32_t i = 0; i < plan.operator_count; i++)
        check_name(plan.operators[i].name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = file_with(data, size);
    check_config(path);
    check_joined(path);
    check_card(path);
    check_plan(path);
    return 0;
}
