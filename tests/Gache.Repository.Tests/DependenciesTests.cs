using System.Text.Json;
using System.Xml.Linq;
using Xunit;

namespace Gache.Repository.Tests;

public sealed class DependenciesTests
{
    private static readonly string[] Declared =
    [
        .. XDocument.Parse(Repository.Read("Directory.Packages.props"))
            .Descendants("PackageVersion").Select(package => (string)package.Attribute("Include")!),
    ];

    [Fact]
    public void Package_versions_stand_only_in_Directory_Packages_props()
    {
        foreach (Project project in Project.All)
        {
            foreach (XElement package in project.Packages)
            {
                Assert.True(
                    package.Attribute("Version") is null && package.Attribute("VersionOverride") is null && !package.HasElements,
                    $"{project.Path} sets a version of {package.Attribute("Include")?.Value}");
            }
        }
    }

    [Fact]
    public void Every_declared_package_is_used_and_every_used_package_is_declared()
    {
        string[] used = [.. Project.All.SelectMany(project => project.PackageNames).Distinct()];

        Assert.Equal(Declared.Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_package_has_its_reason_in_the_architecture_page()
    {
        string[] reasons = [.. Repository.Read("ARCHITECTURE.md").Split('\n').Where(line => line.StartsWith('|'))];

        foreach (string package in Declared)
        {
            Assert.True(
                reasons.Any(line => line.Contains($"`{package}`", StringComparison.Ordinal)),
                $"ARCHITECTURE.md, \"Dependencies\", has no line for {package}");
        }
    }

    [Fact]
    public void Every_project_has_a_lock_file_that_agrees_with_its_packages()
    {
        foreach (Project project in Project.All)
        {
            string path = Path.Combine(Path.GetDirectoryName(project.Path)!, "packages.lock.json");
            Assert.True(File.Exists(Path.Combine(Repository.Root, path)), $"{path} is missing");

            using JsonDocument locked = JsonDocument.Parse(Repository.Read(path));
            IEnumerable<string> direct = locked.RootElement.GetProperty("dependencies").EnumerateObject()
                .SelectMany(framework => framework.Value.EnumerateObject())
                .Where(package => package.Value.GetProperty("type").GetString() == "Direct")
                .Select(package => package.Name).Distinct();
            foreach (string package in project.PackageNames) Assert.Contains(package, direct);
        }
    }
}
