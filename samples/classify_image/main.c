// SPDX-License-Identifier: Apache-2.0
/* classify_image MODEL IMAGE [DEVICE]: the five likeliest classes of a PNG or JPEG file by a packed model. Uses the C
 * API alone; reading and resizing the image is the application's business. */
#include <lowtide.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

// clang-format off
#include <jpeglib.h>  // uses FILE and size_t without declaring them
// clang-format on

typedef struct image {
  uint32_t width, height, channels; /* 1 (grey) or 3 (red, green, blue) */
  uint8_t* pixels;                  /* [height, width, channels] */
} image;

static int read_png(const char* path, image* out) {
  png_image png = {.version = PNG_IMAGE_VERSION};
  if (!png_image_begin_read_from_file(&png, path)) return 0;
  png.format = out->channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  out->width = png.width;
  out->height = png.height;
  out->pixels = malloc(PNG_IMAGE_SIZE(png));
  const png_color white = {255, 255, 255}; /* behind what is transparent */
  return out->pixels != NULL && png_image_finish_read(&png, &white, out->pixels, 0, NULL);
}

/* What is wrong with the file, libjpeg prints itself, and ends the program. */
static int read_jpeg(const char* path, image* out) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return 0;
  struct jpeg_error_mgr errors;
  struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&errors)};
  jpeg_create_decompress(&jpeg);
  jpeg_stdio_src(&jpeg, file);
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = out->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  out->width = jpeg.output_width;
  out->height = jpeg.output_height;
  const size_t row_bytes = (size_t)out->width * out->channels;
  out->pixels = malloc(row_bytes * out->height);
  while (out->pixels != NULL && jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = out->pixels + row_bytes * jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_destroy_decompress(&jpeg);
  fclose(file);
  return out->pixels != NULL;
}

/* Each pixel is the mean of the source pixels that it covers; an image of the right size stays as it is. */
static void resize(const image* from, image* to) {
  for (uint32_t y = 0; y < to->height; ++y) {
    const uint64_t top = (uint64_t)y * from->height / to->height;
    const uint64_t bottom = ((uint64_t)(y + 1) * from->height + to->height - 1) / to->height;
    for (uint32_t x = 0; x < to->width; ++x) {
      const uint64_t left = (uint64_t)x * from->width / to->width;
      const uint64_t right = ((uint64_t)(x + 1) * from->width + to->width - 1) / to->width;
      for (uint32_t c = 0; c < to->channels; ++c) {
        uint64_t sum = 0;
        for (uint64_t v = top; v < bottom; ++v) {
          for (uint64_t u = left; u < right; ++u) sum += from->pixels[(v * from->width + u) * from->channels + c];
        }
        const uint64_t count = (bottom - top) * (right - left);
        to->pixels[((size_t)y * to->width + x) * to->channels + c] = (uint8_t)((sum + count / 2) / count);
      }
    }
  }
}

/* Overwrites the logits. */
static void print_top_five(const lowtide_session* session, float* logits, uint32_t classes) {
  float greatest = logits[0];
  double sum = 0.0;
  for (uint32_t i = 1; i < classes; ++i) greatest = fmaxf(greatest, logits[i]);
  for (uint32_t i = 0; i < classes; ++i) sum += exp((double)(logits[i] - greatest));
  for (uint32_t rank = 0; rank < 5 && rank < classes; ++rank) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < classes; ++i) best = logits[i] > logits[best] ? i : best;
    const char* name = lowtide_class_name(session, best);
    printf("%5.1f %%  %u %s\n", 100.0 * exp((double)(logits[best] - greatest)) / sum, best, name == NULL ? "" : name);
    logits[best] = -INFINITY;
  }
}

static int fail(const char* what, const char* why) {
  fprintf(stderr, "classify_image: %s: %s\n", what, why);
  return 1;
}

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) return fail("usage", "classify_image MODEL IMAGE [DEVICE]");
  const lowtide_device_options device = {.struct_size = sizeof device, .device = argc == 4 ? argv[3] : NULL};
  const lowtide_session_options options = {.struct_size = sizeof options, .device_options = &device};
  lowtide_session* session = NULL;
  if (lowtide_open(argv[1], &options, &session) != LOWTIDE_OK) return fail(argv[1], lowtide_last_error());
  lowtide_model model = {.struct_size = sizeof model};
  lowtide_get_model(session, &model);
  if (model.channels != 1 && model.channels != 3) return fail(argv[1], "it wants neither grey nor colour images");

  image read = {.channels = model.channels};
  if (!read_png(argv[2], &read) && !read_jpeg(argv[2], &read)) return fail(argv[2], "cannot read it");
  image fitted = {model.width, model.height, model.channels,
                  malloc((size_t)model.width * model.height * model.channels)};
  float* logits = malloc(model.classes * sizeof *logits);
  if (fitted.pixels == NULL || logits == NULL) return fail(argv[2], "out of memory");
  resize(&read, &fitted);
  if (lowtide_run_u8(session, fitted.pixels, 1, logits, model.classes) != LOWTIDE_OK) {
    return fail(argv[1], lowtide_last_error());
  }
  print_top_five(session, logits, model.classes);
  free(read.pixels);
  free(fitted.pixels);
  free(logits);
  lowtide_close(session);
  return 0;
}
