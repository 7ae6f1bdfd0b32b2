@echo off
rem Builds server and tool when their sources have changed (MSBuild decides), then runs one of them, as the script gache does. Windows is for development: see README.md.
rem Exit codes of the script itself: 125 the build failed, 127 no .NET SDK. All others are the program's.
setlocal
set "root=%~dp0"
where dotnet >nul 2>nul || (
  echo gache: needs the .NET SDK 10, and there is no "dotnet" on the PATH; see https://dot.net/download 1>&2
  exit /b 127
)
if not exist "%root%.gache-build" mkdir "%root%.gache-build"
dotnet build "%root%src\Programs.proj" -c Release -o "%root%.gache-build\windows" --artifacts-path "%root%.gache-build\artifacts" --disable-build-servers -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false >"%root%.gache-build\build.log" 2>&1
if errorlevel 1 (
  rem A node that runs holds its files, so the build cannot replace them: start what is there.
  findstr /c:"MSB3021" /c:"MSB3027" "%root%.gache-build\build.log" >nul && if exist "%root%.gache-build\windows\gache.exe" goto run
  type "%root%.gache-build\build.log" 1>&2
  echo gache: the build failed; its output is above 1>&2
  exit /b 125
)
:run
"%root%.gache-build\windows\gache.exe" %*
exit /b %errorlevel%
