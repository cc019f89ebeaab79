# Libraries that lowtide takes from the distribution. tools/setup installs them.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(nlohmann_json REQUIRED)
target_link_libraries(lowtide_options INTERFACE tl::expected)
