# uPlot, the chart library of report.html: the npm package that ci/setup puts into the cache folder.

# Sets NAME_folder and NAME_version.
function(mread_find_uplot name)
  set(version 1.6.32)
  if(DEFINED ENV{MREAD_CACHE})
    set(cache "$ENV{MREAD_CACHE}")
  else()
    set(cache "$ENV{HOME}/.cache/mread")
  endif()
  set(MREAD_UPLOT "${cache}/npm/uplot-${version}" CACHE PATH "Folder with uPlot.iife.min.js, uPlot.min.css and LICENSE")
  if(NOT EXISTS "${MREAD_UPLOT}/uPlot.iife.min.js")
    message(FATAL_ERROR "uPlot ${version} is not in ${MREAD_UPLOT}: run ci/setup, or set MREAD_UPLOT to its folder")
  endif()
  set(${name}_folder "${MREAD_UPLOT}" PARENT_SCOPE)
  set(${name}_version "${version}" PARENT_SCOPE)
endfunction()
