// SPDX-License-Identifier: Apache-2.0
/* The C API of lowtide: open a packed model on a Vulkan device, run images through it. For C11 and C++.
 *
 * Threads    A handle may be used by one thread at a time; different handles by different threads at once. A session
 *            made on a lowtide_device counts as a handle of its own. lowtide_last_error() is kept for each thread. The
 *            library calls nobody back.
 * Ownership  What a function with "open" in its name gives must be closed. A device may be closed before its sessions;
 *            they keep what they need of it. Text and tables that a function points to belong to the handle and live
 *            until it is closed. Buffers are the caller's: images are read before a function returns; logits are
 *            written while a function runs, never between calls.
 * Errors     Functions return a lowtide_status; anything but LOWTIDE_OK leaves the outputs as they were. The sentence
 *            for people is lowtide_last_error(). No function ends the process for what a file, a device or an argument
 *            does wrong; a NULL handle or NULL output is LOWTIDE_INVALID_ARGUMENT.
 * ABI        Handles are opaque. Structs start with struct_size, which the caller sets to sizeof of the struct as it
 * was compiled: structs may grow at their end, and old callers go on to work. A zero in any other field of an options
 * struct means the default. Numbers of enumerators do not change.
 */
#ifndef LOWTIDE_H
#define LOWTIDE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define LOWTIDE_API
#else
#define LOWTIDE_API __attribute__((visibility("default")))
#endif

#define LOWTIDE_VERSION_MAJOR 0
#define LOWTIDE_VERSION_MINOR 1
#define LOWTIDE_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t lowtide_status;
enum {
  LOWTIDE_OK = 0,
  LOWTIDE_INVALID_ARGUMENT = 1, /* a request that can never work: NULL, a size that does not fit */
  LOWTIDE_NOT_FOUND = 2,        /* a file or device that is not there */
  LOWTIDE_IO = 3,               /* reading failed */
  LOWTIDE_FORMAT = 4,           /* bytes that are not a packed model */
  LOWTIDE_UNSUPPORTED = 5,      /* the device or this build lacks something */
  LOWTIDE_OUT_OF_MEMORY = 6,    /* of the host or of the device */
  LOWTIDE_DEVICE_LOST = 7,      /* the driver gave up on the device; close the sessions on it */
  LOWTIDE_NUMERIC = 8,
  LOWTIDE_INTERRUPTED = 9,
  LOWTIDE_INTERNAL = 10, /* a fault of lowtide itself */
  LOWTIDE_BUSY = 11,     /* as many submissions as may be are in flight: wait for the oldest */
  LOWTIDE_TIMEOUT = 12   /* not done within the time */
};

/* Of the library that is linked, which may be newer than this header: major * 1000000 + minor * 1000 + patch. */
LOWTIDE_API uint32_t lowtide_version(void);
LOWTIDE_API const char* lowtide_version_string(void); /* "0.1.0" */
/* "ok", "not found", ...; never NULL, also for numbers that are no status. */
LOWTIDE_API const char* lowtide_status_name(lowtide_status status);
/* Why the last function that failed on this thread failed; "" where none has. Lives until the next failure on it. */
LOWTIDE_API const char* lowtide_last_error(void);

/* ---- features ---------------------------------------------------------------------------------------------------- */

/* Questions with a number for an answer. Numbers are never used again; one that this library does not know is
 * LOWTIDE_UNSUPPORTED, so that a program may ask what only later versions answer. */
typedef uint32_t lowtide_feature;
enum {
  /* Of the library: lowtide_query, or either of the others. */
  LOWTIDE_FEATURE_FORMAT_NEWEST = 1, /* format versions of packed models that it reads, FORMAT.md: the newest */
  LOWTIDE_FEATURE_FORMAT_OLDEST = 2, /* and the oldest */
  LOWTIDE_FEATURE_MAX_BITS = 3,      /* bits of a packed weight or activation */
  LOWTIDE_FEATURE_MAX_IN_FLIGHT = 4, /* of lowtide_session_options.in_flight */
  LOWTIDE_FEATURE_KERNELS = 5,       /* kernels in the library */
  /* Of a device, after what the environment switches off: 1 or 0. */
  LOWTIDE_FEATURE_SOFTWARE = 100,     /* it is a processor behind a software driver */
  LOWTIDE_FEATURE_LAYER_TIMES = 101,  /* lowtide_layer.seconds can be measured */
  LOWTIDE_FEATURE_FLOAT16 = 102,      /* arithmetic in 16-bit floating point */
  LOWTIDE_FEATURE_INT8 = 103,         /* arithmetic in 8-bit integers */
  LOWTIDE_FEATURE_STORAGE8 = 104,     /* 8-bit elements in buffers */
  LOWTIDE_FEATURE_STORAGE16 = 105,    /* 16-bit elements in buffers */
  LOWTIDE_FEATURE_INTEGER_DOT = 106,  /* dot products of four 8-bit integers */
  LOWTIDE_FEATURE_SUBGROUPS = 107,    /* sums within a subgroup */
  LOWTIDE_FEATURE_COOPERATIVE_MATRIX = 108,
  LOWTIDE_FEATURE_DEVICE_ADDRESS = 109, /* buffers by address */
  /* Of a device: quantities. */
  LOWTIDE_FEATURE_SUBGROUP_SIZE = 200,
  LOWTIDE_FEATURE_MEMORY_BYTES = 201,     /* of the device's own memory */
  LOWTIDE_FEATURE_MAX_BUFFER_BYTES = 202, /* of one tensor */
  LOWTIDE_FEATURE_VULKAN_VERSION = 203    /* major * 1000 + minor */
};

typedef struct lowtide_device lowtide_device;
typedef struct lowtide_device_list lowtide_device_list;
typedef struct lowtide_session lowtide_session;

LOWTIDE_API lowtide_status lowtide_query(lowtide_feature feature, uint64_t* answer);
LOWTIDE_API lowtide_status lowtide_device_query(const lowtide_device* device, lowtide_feature feature,
                                                uint64_t* answer);
LOWTIDE_API lowtide_status lowtide_session_query(const lowtide_session* session, lowtide_feature feature,
                                                 uint64_t* answer);

/* ---- devices ----------------------------------------------------------------------------------------------------- */

typedef int32_t lowtide_device_kind;
enum {
  LOWTIDE_DEVICE_OTHER = 0,
  LOWTIDE_DEVICE_INTEGRATED = 1,
  LOWTIDE_DEVICE_DISCRETE = 2,
  LOWTIDE_DEVICE_VIRTUAL = 3,
  LOWTIDE_DEVICE_SOFTWARE = 4
};

typedef struct lowtide_device_info {
  size_t struct_size;
  const char* name;
  const char* driver;       /* with its version */
  const char* rejection;    /* why lowtide cannot use it; NULL: it can */
  lowtide_device_kind kind; /* LOWTIDE_DEVICE_... */
  uint32_t index;           /* written as text, it is a lowtide_device_options.device */
  uint64_t memory_bytes;
} lowtide_device_info;

/* Every Vulkan device of now. The list may be empty. */
LOWTIDE_API lowtide_status lowtide_device_list_open(lowtide_device_list** list);
LOWTIDE_API void lowtide_device_list_close(lowtide_device_list* list); /* NULL is allowed */
LOWTIDE_API uint32_t lowtide_device_list_count(const lowtide_device_list* list);
LOWTIDE_API lowtide_status lowtide_device_list_get(const lowtide_device_list* list, uint32_t index,
                                                   lowtide_device_info* info);

typedef struct lowtide_device_options {
  size_t struct_size;
  const char* device;       /* index or part of the name; NULL: $LOWTIDE_DEVICE, or else the best device */
  const char* cache_folder; /* for compiled pipelines; NULL: the user's cache folder; "": none */
  uint32_t validation;      /* 0: $LOWTIDE_VALIDATION decides; 1: off; 2: on */
} lowtide_device_options;

/* For several sessions on one device; a program with one session needs no lowtide_device. options may be NULL. */
LOWTIDE_API lowtide_status lowtide_device_open(const lowtide_device_options* options, lowtide_device** device);
LOWTIDE_API void lowtide_device_close(lowtide_device* device); /* NULL is allowed */
/* Name, driver and why it was chosen, in lines. NULL for a NULL handle. */
LOWTIDE_API const char* lowtide_device_description(const lowtide_device* device);
LOWTIDE_API lowtide_status lowtide_get_device(const lowtide_device* device, lowtide_device_info* info);

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

typedef struct lowtide_session_options {
  size_t struct_size;
  lowtide_device* device;                       /* NULL: the session opens a device of its own, */
  const lowtide_device_options* device_options; /* by these; NULL: all defaults */
  uint32_t batch;                               /* images per submission; 0: 1 */
  uint32_t profile;                             /* not 0: time every layer, which slows the run */
  uint32_t in_flight;                           /* submissions at once, each with memory of its own; 0: 2 */
  /* Measured choices of kernels: a file of `lowtide tune`, or "off"; NULL or "": $LOWTIDE_TUNING, or else the file in
   * the device's cache folder, if it is there. The text is read before the function that takes it returns. They change
   * times, never results. A file that is not there is LOWTIDE_NOT_FOUND, one that is damaged LOWTIDE_FORMAT; one of
   * another device, driver or build of the kernels is put aside with a line on stderr. */
  const char* tuning;
} lowtide_session_options;

/* From a file, which is mapped and must not be changed while the session is open (replacing it is no change), or from
 * its bytes, which are copied. Neither is trusted. options may be NULL. */
LOWTIDE_API lowtide_status lowtide_open(const char* path, const lowtide_session_options* options,
                                        lowtide_session** session);
LOWTIDE_API lowtide_status lowtide_open_memory(const void* bytes, size_t byte_count,
                                               const lowtide_session_options* options, lowtide_session** session);
/* NULL is allowed. What is in flight is given up: its logits are not written, not now and not later. */
LOWTIDE_API void lowtide_close(lowtide_session* session);

typedef struct lowtide_tensor {
  size_t struct_size;
  const char* name;
  uint32_t rank;
  uint32_t extents[4]; /* outermost first; the first one is the batch */
} lowtide_tensor;

LOWTIDE_API uint32_t lowtide_input_count(const lowtide_session* session);
LOWTIDE_API uint32_t lowtide_output_count(const lowtide_session* session);
/* images [batch, height, width, channels]: 8-bit pixels or f32, by the function that runs. */
LOWTIDE_API lowtide_status lowtide_get_input(const lowtide_session* session, uint32_t index, lowtide_tensor* tensor);
/* logits f32 [batch, classes]. */
LOWTIDE_API lowtide_status lowtide_get_output(const lowtide_session* session, uint32_t index, lowtide_tensor* tensor);

typedef struct lowtide_model {
  size_t struct_size;
  const char* network; /* "cnv" */
  const char* source;  /* the recipe it was trained by, for people */
  uint32_t height, width, channels, classes;
  const float* mean; /* [channels]; an f32 input is (pixel / 255 - mean) / deviation */
  const float* deviation;
} lowtide_model;

LOWTIDE_API lowtide_status lowtide_get_model(const lowtide_session* session, lowtide_model* model);
/* NULL where the model has no names, or no such class. */
LOWTIDE_API const char* lowtide_class_name(const lowtide_session* session, uint32_t index);
/* As lowtide_device_description, of the device that the session runs on. */
LOWTIDE_API const char* lowtide_session_device(const lowtide_session* session);
LOWTIDE_API lowtide_status lowtide_get_session_device(const lowtide_session* session, lowtide_device_info* info);

/* ---- running ----------------------------------------------------------------------------------------------------- */

/* images [image_count, height, width, channels], normalised -> logits [image_count, classes]. Any count: it is cut into
 * batches. logit_count is the room behind `logits` in floats and must be image_count * classes. Returns when the logits
 * are there; waits for what is in flight first. The first f32 images make the session plan and allocate once more, which
 * may fail for want of memory: it is opened for pixels. */
LOWTIDE_API lowtide_status lowtide_run_f32(lowtide_session* session, const float* images, size_t image_count,
                                           float* logits, size_t logit_count);
/* The same from 8-bit pixels: they go to the device as they are and are normalised there by the model's mean and
 * deviation, with the bits of lowtide_run_f32 on (pixel / 255 - mean) / deviation, in double and rounded once to f32. */
LOWTIDE_API lowtide_status lowtide_run_u8(lowtide_session* session, const uint8_t* pixels, size_t image_count,
                                          float* logits, size_t logit_count);
/* Plans anew for another batch, when what is in flight is done; on an error the session stays as it was. */
LOWTIDE_API lowtide_status lowtide_set_batch(lowtide_session* session, uint32_t batch);

/* A submission of a session: counts from 1, and submissions are done in that order. */
typedef uint64_t lowtide_ticket;
#define LOWTIDE_FOREVER UINT64_MAX

/* As lowtide_run, without waiting, for at most a batch of images. The images are copied. `logits` must stay until the
 * ticket is done or the session is closed; they are written during lowtide_poll, lowtide_wait, or a later call that
 * submits, runs or sets the batch, on the thread that calls. LOWTIDE_BUSY: in_flight submissions are not done yet. */
LOWTIDE_API lowtide_status lowtide_submit_f32(lowtide_session* session, const float* images, size_t image_count,
                                              float* logits, size_t logit_count, lowtide_ticket* ticket);
LOWTIDE_API lowtide_status lowtide_submit_u8(lowtide_session* session, const uint8_t* pixels, size_t image_count,
                                             float* logits, size_t logit_count, lowtide_ticket* ticket);
/* 1 in is_done: the logits of the ticket and of all before it are there. Never blocks. A ticket that is done stays so.
 * LOWTIDE_DEVICE_LOST here and below: the logits will not come. */
LOWTIDE_API lowtide_status lowtide_poll(lowtide_session* session, lowtide_ticket ticket, uint32_t* is_done);
/* Blocks until the ticket is done, or LOWTIDE_TIMEOUT. */
LOWTIDE_API lowtide_status lowtide_wait(lowtide_session* session, lowtide_ticket ticket, uint64_t nanoseconds);

/* ---- layers ------------------------------------------------------------------------------------------------------ */

typedef int32_t lowtide_arithmetic;
enum {
  LOWTIDE_ARITHMETIC_MOVES = 0,  /* of elements, packing and unpacking included */
  LOWTIDE_ARITHMETIC_FLOAT = 1,  /* 32-bit floating point: what a model keeps in full precision */
  LOWTIDE_ARITHMETIC_PACKED = 2  /* on packed bits */
};

typedef struct lowtide_layer {
  size_t struct_size;
  const char* name;        /* of the layer in the network */
  const char* kernel;      /* that it runs with on this device */
  uint32_t dispatch_count; /* per submission */
  double seconds;          /* mean per submission since the batch was set; 0 without lowtide_session_options.profile */
  const char* op;          /* "packed_conv2d" */
  lowtide_arithmetic arithmetic; /* LOWTIDE_ARITHMETIC_... */
  uint32_t is_fallback;          /* 1: the readable kernel that takes any shape, for want of a faster one that fits */
  uint64_t constant_bytes;       /* weights, thresholds and the like that the layer reads */
} lowtide_layer;

/* Which layer runs with which kernel, and for how long: takes down the rows of now, in the order of execution, and
 * gives their number. What lowtide_get_layer points to lives until this is called again or the session is closed. */
LOWTIDE_API uint32_t lowtide_layer_count(lowtide_session* session);
LOWTIDE_API lowtide_status lowtide_get_layer(const lowtide_session* session, uint32_t index, lowtide_layer* layer);

#ifdef __cplusplus
}
#endif

#endif
