/* Stands in for the audio decoder that Ollama's Go module leaves out (module archives drop every
 * directory called `vendor`). The server built with it serves text; every audio file is refused as
 * undecodable. Only the names that the module's mtmd-helper.cpp uses are declared. */
#pragma once
#include <stddef.h>

typedef int ma_result;
typedef unsigned long long ma_uint64;
typedef enum { ma_format_f32 } ma_format;
typedef struct { int unused; } ma_decoder_config;
typedef struct { int unused; } ma_decoder;

#define MA_SUCCESS 0
#define MA_ERROR (-1)

static inline ma_decoder_config ma_decoder_config_init(ma_format, int, int) { return ma_decoder_config{0}; }
static inline ma_result ma_decoder_init_memory(const void *, size_t, const ma_decoder_config *, ma_decoder *) {
    return MA_ERROR;
}
static inline ma_result ma_decoder_get_length_in_pcm_frames(ma_decoder *, ma_uint64 *) { return MA_ERROR; }
static inline ma_result ma_decoder_read_pcm_frames(ma_decoder *, void *, ma_uint64, ma_uint64 *) { return MA_ERROR; }
static inline ma_result ma_decoder_uninit(ma_decoder *) { return MA_SUCCESS; }
