// DPI side of aegru_firmware.sv: loads the hls4ml library named by AEGRU_FIRMWARE and calls it.
#include <dlfcn.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

using Tick = void (*)(double*, double*);

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    std::fprintf(stderr, "%s is not set\n", name);
    std::exit(1);
  }
  return value;
}

void* library = nullptr;
Tick tick = nullptr;

}  // namespace

extern "C" {

// The library keeps the decoder's state in static variables; a fresh copy of it starts from silence.
void firmware_reset() {
  if (library != nullptr) dlclose(library);
  const auto copy = std::filesystem::temp_directory_path() /
                    ("aegru_firmware_" + std::to_string(getpid()) + ".so");
  std::filesystem::remove(copy);
  std::filesystem::copy_file(setting("AEGRU_FIRMWARE"), copy);
  library = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
  std::filesystem::remove(copy);
  tick = library == nullptr ? nullptr : reinterpret_cast<Tick>(dlsym(library, "aegru_double"));
  if (tick == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
}

void firmware_tick(const int* counts, int* velocity) {
  static const int channels = std::atoi(setting("AEGRU_CHANNELS"));
  static const int greatest_count = std::atoi(setting("AEGRU_GREATEST_COUNT"));
  static const int fraction = std::atoi(setting("AEGRU_VELOCITY_FRACTION"));
  std::vector<double> input(channels);
  for (int i = 0; i < channels; ++i) input[i] = std::min(counts[i], greatest_count);
  double output[2];
  tick(input.data(), output);
  // Codes times a power of two, exact in double.
  for (int axis = 0; axis < 2; ++axis)
    velocity[axis] = static_cast<int>(std::ldexp(output[axis], fraction));
}

}  // extern "C"
